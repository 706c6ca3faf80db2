/**
 * Writes what is derived from the declarations: the catalog of tables and the reference pages; and the modules that are
 * written as WebAssembly text.
 *
 *     node tools/generate.ts           write what is not fresh
 *     node tools/generate.ts --check   say what is not fresh; exit code 1 if anything is
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { catalog } from './generate/catalog.ts';
import { flagPage } from './generate/flag-page.ts';
import { functionPage } from './generate/function-page.ts';
import { loadTables } from './generate/load-tables.ts';
import { tablePages } from './generate/table-pages.ts';
import { webAssembly } from './generate/web-assembly.ts';

/** A generated file: its path from the root of the repository, and its content. */
export interface Page {
  readonly path: string;
  readonly content: string;
}

/** Folders in which every file is generated, so that one no longer generated is stale. */
const GENERATED_FOLDERS = ['docs/tables'];

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');

const { tables, failures } = await loadTables(root);
const pages: Page[] = [
  catalog(tables),
  flagPage(),
  functionPage(),
  ...tablePages(tables),
  ...(await webAssembly(root)),
];

const stale = pages.filter(({ path, content }) => read(path) !== content).map(({ path }) => path);
const known = new Set(pages.map(({ path }) => path));
const orphans = GENERATED_FOLDERS.flatMap(filesIn).filter((path) => !known.has(path));

if (!check) {
  for (const page of pages) if (stale.includes(page.path)) write(page);
  for (const path of orphans) rmSync(join(root, path));
}
for (const path of [...stale, ...orphans]) console.log(check ? `not fresh: ${path}` : `wrote ${path}`);
for (const failure of failures) console.error(failure);
if (check && stale.length + orphans.length > 0) console.error('run: npm run generate');
process.exitCode = failures.length > 0 || (check && stale.length + orphans.length > 0) ? 1 : 0;

function read(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

/** Renamed into place: a program that reads the file meanwhile sees the old or the new one, never a part. */
function write({ path, content }: Page): void {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  const draft = `${target}.${process.pid}`;
  writeFileSync(draft, content);
  renameSync(draft, target);
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}
