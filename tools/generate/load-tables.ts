import { globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyTable } from '../../src/schema/table.ts';

/** A table and where it stands: `folder` and `file` as in `src/tables/<folder>/<file>`, `exported` its constant. */
export interface LocatedTable {
  readonly table: AnyTable;
  readonly folder: string;
  readonly file: string;
  readonly exported: string;
}

/** Every table of `src/tables/<subject>/<table_name>.ts`, sorted by name; files that hold none are named in `failures`. */
export async function loadTables(root: string): Promise<{ tables: LocatedTable[]; failures: string[] }> {
  const tables: LocatedTable[] = [];
  const failures: string[] = [];
  for (const path of globSync('src/tables/*/**/*.ts', { cwd: root }).toSorted()) {
    const file = basename(path);
    const name = basename(path, '.ts');
    const exported = camelCase(name);
    try {
      const module = await import(pathToFileURL(join(root, path)).href);
      const table: AnyTable | undefined = module[exported];
      if (table === undefined) throw new Error(`exports no constant "${exported}"`);
      if (table.name !== name) throw new Error(`declares "${table.name}"; a table stands in the file of its name`);
      tables.push({ table, folder: dirname(path).slice('src/tables/'.length), file, exported });
    } catch (cause) {
      failures.push(`${path}: ${cause instanceof Error ? cause.message : cause}`);
    }
  }
  tables.sort((a, b) => (a.table.name < b.table.name ? -1 : 1));
  return { tables, failures };
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
