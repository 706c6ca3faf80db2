import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { UserError } from '../../base/errors.ts';
import { errnoName } from './errors.ts';
import { errno, libc } from './native.ts';

/** `flock(2)`. */
const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * A file that is locked for as long as the program runs. The lock says that somebody runs, not the number in it: a file
 * left behind, an empty one, one whose number belongs to another program by now is taken over. Throws `UserError`.
 */
export function lockPidFile(path: string): Disposable {
  let fd: number;
  try {
    fd = openSync(path, 'a+', 0o600);
  } catch (cause) {
    throw new UserError(`pid file ${path}: ${(cause as NodeJS.ErrnoException).code}`);
  }
  // /dev/null and its like: somebody wants none.
  if (!fstatSync(fd).isFile()) return { [Symbol.dispose]: () => closeSync(fd) };
  const flock = libc('int flock(int fd, int operation)');
  if (flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    const code = errnoName(errno());
    const holder = /^\d{1,10}/.exec(readFileSync(fd, 'utf8'))?.[0];
    closeSync(fd);
    if (code !== 'EAGAIN') throw new UserError(`pid file ${path}: cannot be locked: ${code}`);
    throw new UserError(`pid file ${path}: a daemon runs already${holder === undefined ? '' : `, process ${holder}`}`);
  }
  ftruncateSync(fd);
  writeSync(fd, String(process.pid));
  return {
    [Symbol.dispose]: () => {
      // Before the lock is let go: nobody else can have taken the name yet.
      unlinkSync(path);
      closeSync(fd);
    },
  };
}
