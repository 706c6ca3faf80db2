import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Where the bundle keeps the file: beside itself. `tools/build.ts` sets it; in a checkout it is not there. */
declare const SQLITE_WASM_BESIDE_BUNDLE: string | undefined;

/**
 * The compiled `sqlite3.wasm` of the npm package. Compiling takes about 4 ms, and no cache of V8's makes it shorter:
 * functions are compiled when they are first called.
 */
export function sqliteModule(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(path()));
}

function path(): string | URL {
  if (typeof SQLITE_WASM_BESIDE_BUNDLE === 'string') return SQLITE_WASM_BESIDE_BUNDLE;
  return createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm');
}
