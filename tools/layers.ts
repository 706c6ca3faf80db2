/**
 * The import rule: who may import whom. See ARCHITECTURE.md.
 *
 *     node tools/layers.ts
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Each layer may import itself (by folder) and every layer before it. */
const LAYERS: readonly (readonly string[])[] = [
  ['base'],
  ['parse', 'host', 'store'],
  ['schema'],
  ['tables', 'events', 'yara'],
  ['engine'],
  ['results', 'loggers', 'config', 'remote', 'extensions'],
  ['shell', 'daemon'],
  ['main'],
];

/** Outside the flow: fakes for tests, which nothing that ships imports. */
const TESTING = 'testing';

/** Modules that reach the machine: `src/host/linux` alone imports them, so that a fake machine can stand in for it. */
const MACHINE = ['node:fs', 'node:fs/promises', 'node:child_process', 'node:net', 'node:os', 'koffi'];

/** Modules that reach other machines: `src/remote` alone imports them, so that every byte to a server has one way out. */
const NETWORK = ['node:http', 'node:https', 'node:http2', 'node:tls', 'node:dns', 'node:dgram'];
const REMOTE = 'src/remote/';

/** The real machine, behind the interface; a layer before `results` sees only the interface. */
const REAL_MACHINE = 'src/host/linux/';
const BEFORE_REAL_MACHINE = ['base', 'parse', 'schema', 'tables', 'engine'];

/** Folders of pure code: text and bytes in, values out. */
const PURE = ['tables', 'parse'];
const PURE_MAY_IMPORT = ['node:path'];

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly imported: string;
  readonly reason: string;
}

/** What `file` (a path from the root of the repository, with `source` as its text) imports against the rule. */
export function violations(file: string, source: string): Violation[] {
  // Generated: the one file whose purpose is to name its siblings.
  if (file === 'src/tables/index.ts') return [];
  const found: Violation[] = [];
  for (const { specifier, bare, line } of imports(source)) {
    const reason = bare
      ? 'an import for its side effect; export a function and call it where it is needed'
      : specifier.startsWith('.')
        ? ofFile(file, normalize(join(dirname(file), specifier)))
        : ofPackage(file, specifier);
    if (reason !== undefined) found.push({ file, line, imported: specifier, reason });
  }
  return found;
}

/** Why `file` must not import the file `target`; undefined if it may. */
function ofFile(file: string, target: string): string | undefined {
  const [from, to] = [folderOf(file), folderOf(target)];
  if (to === undefined) return 'outside src/; what ships is in src/';
  if (from === TESTING) return undefined;
  if (to === TESTING) return 'src/testing/ holds fakes for tests; what ships takes a Host as a parameter';
  if (target.startsWith(REAL_MACHINE) && BEFORE_REAL_MACHINE.includes(from!)) {
    return 'the real machine; take a Host (src/host/host.ts), which a test replaces with a fake one';
  }
  if (from === to) return PURE.includes(to) ? siblings(to) : undefined;
  const [lower, upper] = [layerOf(to), layerOf(from!)];
  if (lower < upper) return undefined;
  return `src/${from}/ comes ${lower === upper ? 'beside' : 'before'} src/${to}/ in the flow; ${advice(from!, to)}`;
}

function siblings(folder: string): string {
  return folder === 'tables'
    ? 'a table imports no other file of src/tables/; what two tables share belongs in src/parse/, src/schema/, src/host/ or src/base/'
    : 'a parser imports no other parser; what two formats share belongs in src/base/';
}

function advice(from: string, to: string): string {
  if (to === 'engine' && from === 'tables') return 'a table gets what it needs in its query';
  if (to === 'host' && from === 'parse') return 'read in the table, hand the text or bytes to the parser';
  return 'move what both need to an earlier folder, or take it as a parameter';
}

/** Why `file` must not import the package or Node module `specifier`; undefined if it may. */
function ofPackage(file: string, specifier: string): string | undefined {
  const folder = folderOf(file)!;
  if (PURE.includes(folder) && specifier.startsWith('node:') && !PURE_MAY_IMPORT.includes(specifier)) {
    return `src/${folder}/ imports no module of Node but ${PURE_MAY_IMPORT.join(', ')}; the machine comes as a Host, helpers from src/base/`;
  }
  if (NETWORK.includes(specifier) && !file.startsWith(REMOTE) && folder !== TESTING) {
    return 'only src/remote/ speaks to other machines; use its client, or add what is missing to it';
  }
  if (!MACHINE.includes(specifier) || file.startsWith(REAL_MACHINE) || folder === TESTING) return undefined;
  return 'only src/host/linux/ reaches the machine; take a Host, or add what is missing to it';
}

/** `src/parse/x.ts` → `parse`. */
function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

function layerOf(folder: string): number {
  const layer = LAYERS.findIndex((folders) => folders.includes(folder));
  if (layer < 0) throw new Error(`src/${folder}/ has no place in the flow; give it one in tools/layers.ts`);
  return layer;
}

/** Every import, export-from and dynamic import of a source formatted by the house's formatter. */
function* imports(source: string): Generator<{ specifier: string; bare: boolean; line: number }> {
  const statements =
    /^(?:import|export)\b[^'"`;]*?\bfrom\s+'([^']+)'|^(import)\s+'([^']+)'|\b(?:import|require)\('([^']+)'\)/gm;
  for (const match of source.matchAll(statements)) {
    const specifier = match[1] ?? match[3] ?? match[4]!;
    const end = match.index + match[0].length;
    yield { specifier, bare: match[2] !== undefined, line: source.slice(0, end).split('\n').length };
  }
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..');
  const files = globSync('src/**/*.ts', { cwd: root }).toSorted();
  const found = files.flatMap((file) => violations(file, readFileSync(join(root, file), 'utf8')));
  for (const { file, line, imported, reason } of found) {
    console.error(`${file}:${line}: imports '${imported}': ${reason}`);
  }
  process.exitCode = found.length > 0 ? 1 : 0;
}
