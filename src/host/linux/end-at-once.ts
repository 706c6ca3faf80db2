import { flushCompileCache } from 'node:module';
import { libc } from './native.ts';

/** Write what they measured when Node takes itself apart. */
const PROFILES = /^--(cpu|heap)-prof/;

/**
 * From here on this process ends at its exit by `_exit(2)`, without Node's way of taking itself apart, which can wait
 * for ever: its main thread joins V8's threads, and one that compiles may wait for a collection that the main thread
 * will not make (https://github.com/nodejs/node/issues/54918; of 2,400 shells on a busy machine 2 never ended). What is
 * to be written must have been written synchronously.
 */
export function endAtOnce(): void {
  if (process.execArgv.some((flag) => PROFILES.test(flag))) return;
  let failed = false;
  // Node says why after the listeners of `exit` have run.
  process.on('uncaughtExceptionMonitor', () => {
    failed = true;
  });
  process.on('exit', (code) => {
    if (failed) return;
    let exit: (code: number) => void;
    try {
      exit = libc('void _exit(int code)');
    } catch {
      return; // Without native code the programs still run, and Node's way is nearly always good.
    }
    flushCompileCache();
    exit(code);
  });
}
