import { createRequire } from 'node:module';

type Koffi = typeof import('koffi').default;
// biome-ignore lint/suspicious/noExplicitAny: the C prototype given to `libc` is the type; TypeScript does not read it
type Call = (...args: any[]) => any;

let loaded: Koffi | undefined;
let library: ReturnType<Koffi['load']> | undefined;
const functions = new Map<string, Call>();

/** Loads in about 10 ms, so only what needs it calls it, when it does. */
export function koffi(): Koffi {
  loaded ??= createRequire(import.meta.url)('koffi') as Koffi;
  return loaded;
}

/** A function of the C library this process runs with, glibc or musl, by its C prototype. */
export function libc(prototype: string): Call {
  let call = functions.get(prototype);
  if (call === undefined) {
    library ??= koffi().load(null);
    call = library.func(prototype) as Call;
    functions.set(prototype, call);
  }
  return call;
}

/** Where bytes lie, for calls that take a pointer as a number: an address of a program has 47 bits, a number 53. */
export function addressOf(bytes: Uint8Array | Uint32Array): number {
  return Number(koffi().address(bytes));
}

/** Of the last failed call. */
export function errno(): number {
  return koffi().errno();
}
