import type { JsonObject } from './config-text.ts';
import { isTableName } from './custom-tables.ts';
import type { Report } from './report.ts';
import { sectionOf } from './section.ts';

/** The `views` of a configuration: names to the SELECT that they stand for. */
export function* parseViews(config: JsonObject, report: Report): Generator<[name: string, sql: string]> {
  for (const [name, sql] of Object.entries(sectionOf(config, 'views', report) ?? {})) {
    if (!isTableName(name)) report(`views.${name}`, 'not a name for a view');
    else if (typeof sql === 'string' && sql.trim() !== '') yield [name, sql];
    else report(`views.${name}`, 'not a query');
  }
}
