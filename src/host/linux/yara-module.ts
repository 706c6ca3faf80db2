import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { withMemoryLimit } from '../../base/wasm-memory.ts';

type Package = typeof import('@virustotal/yara-x');

/** What is used of YARA; the exports are the functions of its module, which do not all have a method. */
export interface YaraLibrary {
  readonly Compiler: Package['Compiler'];
  readonly exports: ReturnType<Package['initSync']>;
}

/** Loads YARA, one a thread, whose memory grows up to so many bytes. It takes 40 ms and 50 MB: see docs/adr/0022-yara.md. */
export function loadYara(memory: number): YaraLibrary {
  const packages = createRequire(import.meta.url);
  const { Compiler, initSync } = packages('@virustotal/yara-x') as Package;
  const path = join(dirname(packages.resolve('@virustotal/yara-x')), 'yara_x_js_bg.wasm');
  const module = new WebAssembly.Module(withMemoryLimit(readFileSync(path), memory));
  return { Compiler, exports: initSync({ module }) };
}
