import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { splitImage } from '../../base/sqlite-image.ts';

/** Name of the image beside the bundle; `tools/build.ts` makes it. A checkout has none and reads the npm package's file. */
export const IMAGE_NAME = 'sqlite3.image';

/**
 * The compiled SQLite. Compiling the WASM takes 5 ms, and compiling its functions when they are first called 10 ms more
 * of a first query. The bundle has an image with the machine code of the functions that a small query calls; V8 takes it
 * only if it was made by the same V8, with the same flags, for the same processor, and takes no other. V8's two functions
 * for that can be named only under `--allow-natives-syntax`, which the bundle's first line passes: see
 * docs/adr/0007-cold-start.md.
 */
export function sqliteModule(directory: string | undefined = bundleDirectory()): WebAssembly.Module {
  const image = directory === undefined ? undefined : join(directory, IMAGE_NAME);
  if (image === undefined || !existsSync(image)) return new WebAssembly.Module(readFileSync(packagedFile()));
  const { wasm, code } = splitImage(readFileSync(image), process.version + process.arch);
  const ready = code && nativesSyntax() ? deserialize(code, wasm) : undefined;
  return ready ?? new WebAssembly.Module(wasm);
}

/** The machine code of `module` as far as it is compiled; needs `--allow-natives-syntax`. */
export function serialize(module: WebAssembly.Module): Uint8Array {
  return new Uint8Array(native('m', 'return %SerializeWasmModule(m)')(module) as ArrayBuffer);
}

function deserialize(code: ArrayBuffer, wasm: Uint8Array): WebAssembly.Module | undefined {
  return native('code', 'wasm', 'return %DeserializeWasmModule(code, wasm)')(code, wasm) as
    | WebAssembly.Module
    | undefined;
}

function nativesSyntax(): boolean {
  return process.execArgv.includes('--allow-natives-syntax');
}

/** Compiled at run time, because the `%` is a syntax error to every tool that reads this file. */
function native(...parts: string[]): (...values: unknown[]) => unknown {
  return new Function(...parts) as (...values: unknown[]) => unknown;
}

/** Where the bundle lies; undefined in a checkout, whose sources are `.ts`. */
function bundleDirectory(): string | undefined {
  return import.meta.filename?.endsWith('.ts') ? undefined : (import.meta.dirname ?? __dirname);
}

declare const __dirname: string;

function packagedFile(): string {
  return createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm');
}
