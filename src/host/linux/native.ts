import { createRequire } from 'node:module';

type Koffi = typeof import('koffi').default;
// biome-ignore lint/suspicious/noExplicitAny: the C prototype given to `libc` is the type; TypeScript does not read it
type Call = (...args: any[]) => any;

let loaded: Koffi | undefined;
let library: ReturnType<Koffi['load']> | undefined;
const functions = new Map<string, Call>();

/** Loads in about 2 ms, so only what needs it calls it, when it does. */
export function koffi(): Koffi {
  loaded ??= load();
  return loaded;
}

/**
 * koffi's own way to its native code tries how twenty systems name it, in 10 ms. Here it is nearly always this one; musl,
 * other processors, and packages that lie where only koffi sees them, are left to koffi.
 */
function load(): Koffi {
  const require = createRequire(import.meta.url);
  const { arch } = process;
  try {
    return require(`@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`) as Koffi;
  } catch {
    return require('koffi') as Koffi;
  }
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

/** More bytes than one call has pointers to. */
const HELD = 16;
const held: (Uint8Array | Uint32Array)[] = [];
let holdNext = 0;

/**
 * Where bytes lie, for calls that take a pointer as a number: an address of a program has 47 bits, a number 53. A number
 * does not keep them alive, and a call that waits may write to them long after compiled code has seen the last of them; so
 * those that were asked for last are held here.
 */
export function addressOf(bytes: Uint8Array | Uint32Array): number {
  held[holdNext] = bytes;
  holdNext = (holdNext + 1) % HELD;
  return Number(koffi().address(bytes));
}

/** Of the last failed call. */
export function errno(): number {
  return koffi().errno();
}
