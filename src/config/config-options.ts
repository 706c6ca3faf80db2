import { UserError } from '../base/errors.ts';
import { isObject, type JsonObject, type JsonValue } from './config-text.ts';
import { type OptionValues, oneOf } from './option-values.ts';
import { optionChoices } from './options.ts';

/**
 * Applies the `options` of a configuration. As in osquery they win over the command line, but for flags that only the
 * command line sets; empty ones change nothing. What is wrong is left out with a word to `report`.
 */
export function applyOptions(
  options: JsonObject,
  values: OptionValues,
  report: (place: string, reason: string) => void,
): void {
  for (const [name, value] of Object.entries(options)) {
    const place = `options.${name}`;
    // For extensions, which read the configuration themselves.
    if (name.startsWith('custom_')) continue;
    const declaration = values.declaration(name);
    const text = optionText(value);
    if (declaration === undefined) report(place, 'no such flag');
    else if (declaration[3] === 'cli' || declaration[3] === 'shell')
      report(place, 'only the command line or a flagfile sets this');
    else if (text === undefined) report(place, 'neither a text nor a number nor true or false');
    else if (text !== '') {
      try {
        values.set(declaration, text);
      } catch (cause) {
        if (!(cause instanceof UserError)) throw cause;
        // The value may be a secret.
        const choices = optionChoices.get(declaration[0]);
        report(place, choices === undefined ? `not a value of the type ${declaration[1]}` : `not ${oneOf(choices)}`);
      }
    }
  }
}

/** As a flag has it; undefined for null. An object or array is its JSON. */
function optionText(value: JsonValue): string | undefined {
  if (value === null) return undefined;
  if (isObject(value) || Array.isArray(value)) return JSON.stringify(value);
  return String(value);
}
