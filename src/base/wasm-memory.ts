import { MalformedInput } from './errors.ts';

/** Of a page of WebAssembly's memory. */
const PAGE = 64 * 1024;
/** Magic and version. */
const HEADER = 8;
/** Number of the section that declares memories. */
const MEMORY = 5;
/** Limits without a maximum, and with one. */
const OPEN = 0;
const BOUNDED = 1;

/**
 * The module with a bound for its memory, which compilers leave open up to 4 GiB: to grow beyond it fails. For a module with
 * one memory of its own. See "Modules" in the core specification of WebAssembly.
 */
export function withMemoryLimit(module: Uint8Array, bytes: number): Uint8Array {
  let at = HEADER;
  while (at < module.length) {
    const start = at;
    const id = module[at];
    const [length, begin] = unsigned(module, at + 1);
    at = begin + length;
    if (id !== MEMORY) continue;
    const [count, flags] = unsigned(module, begin);
    const [initial, end] = unsigned(module, flags + 1);
    if (count !== 1 || module[flags] !== OPEN || end !== at) break;
    const body = [1, BOUNDED, ...encoded(initial), ...encoded(Math.max(initial, Math.floor(bytes / PAGE)))];
    return Buffer.concat([
      module.subarray(0, start),
      Uint8Array.from([MEMORY, ...encoded(body.length), ...body]),
      module.subarray(at),
    ]);
  }
  throw new MalformedInput('module of WebAssembly', at, 'has not one memory without a bound');
}

/** An integer in LEB128, and what comes after it. */
function unsigned(bytes: Uint8Array, start: number): [value: number, end: number] {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[start + i] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return [value, start + i + 1];
  }
  throw new MalformedInput('module of WebAssembly', start, 'an integer is too long');
}

function encoded(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...encoded(value >>> 7)];
}
