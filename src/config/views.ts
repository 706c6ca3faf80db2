import { isObject, type JsonValue } from './config-text.ts';
import type { Report } from './schedule.ts';

/** The `views` of a configuration: names to the SELECT that they stand for. */
export function* parseViews(value: JsonValue | undefined, report: Report): Generator<[name: string, sql: string]> {
  if (value === undefined) return;
  if (!isObject(value)) return report('views', 'not an object');
  for (const [name, sql] of Object.entries(value)) {
    if (typeof sql === 'string' && sql.trim() !== '') yield [name, sql];
    else report(`views.${name}`, 'not a query');
  }
}
