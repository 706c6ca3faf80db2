import { type JsonObject, valueAt } from './config-text.ts';
import { type Report, within } from './report.ts';
import { sectionOf } from './section.ts';

/** The `feature_vectors` of a configuration. osquery's scripts of PowerShell are all that is compared with them. */
export interface FeatureVectors {
  /** How often each of 256 characters occurs in ordinary scripts. */
  readonly characterFrequencies: readonly number[];
}

const CHARACTERS = 256;

export function parseFeatureVectors(config: JsonObject, report: Report): FeatureVectors | undefined {
  const vectors = sectionOf(config, 'feature_vectors', report, 'features');
  const found = vectors && valueAt(vectors, 'character_frequencies');
  if (found === undefined || found === null) return undefined;
  const inside = within(report, 'feature_vectors');
  const isNumber = (value: unknown) => typeof value === 'number';
  if (!Array.isArray(found) || found.length < 1 || found.length > CHARACTERS || !found.every(isNumber)) {
    return void inside('character_frequencies', `not 1 to ${CHARACTERS} numbers`);
  }
  return { characterFrequencies: found };
}
