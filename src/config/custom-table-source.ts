import type { TableSource } from '../engine/engine.ts';
import { expand } from '../host/glob.ts';
import { text } from '../schema/columns.ts';
import { locationOf } from '../schema/found-files.ts';
import { table } from '../schema/table.ts';
import type { CustomTable } from './custom-tables.ts';

/** The table that a configuration describes: its query, run on each file that its pattern names. */
export function customTableSource({ name, query, path, columns }: CustomTable): TableSource {
  const declared = {
    ...Object.fromEntries(columns.map((column) => [column, text(`Column ${column} of the query`)])),
    path: text('The SQLite file'),
  };
  return {
    name,
    aliases: [],
    load: () =>
      table({
        name,
        description: `Rows of ${path}`,
        platforms: ['linux'],
        columns: declared,
        examples: [],
        *generate({ host, sqlite, row, attempt }) {
          for (const { path: file } of expand(host.files, locationOf(host.files, path), { only: 'files' })) {
            const rows = sqlite.rows(file, query, { texts: true })[Symbol.iterator]();
            for (;;) {
              // One file that cannot be read does not lose the others.
              const next = attempt(() => rows.next());
              if (next === undefined || next.done) break;
              const cells = columns.map((column, i) => [column, next.value[i]] as const);
              yield row({ ...Object.fromEntries(cells), path: file });
            }
          }
        },
      }),
  };
}
