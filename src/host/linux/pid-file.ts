import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { unsafe as unsafePath } from '../../base/unsafe-path.ts';
import { errnoName } from './errors.ts';
import { errno, libc } from './native.ts';
import { NotOurFile, openOwn } from './own-file.ts';
import { storeFiles } from './store-files.ts';
import { distrusted, notOurs } from './trusted-path.ts';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
/** `flock(2)`. */
const LOCK_EX = 2;
const LOCK_NB = 4;

/** How long a daemon that is asked to end may take, and one that is killed. */
const END_MS = 10_000;
const KILL_MS = 2000;
const LOOK_MS = 50;

/** Of a pid. */
const MOST_DIGITS = 10;

/** What our process and osquery's own are called. */
const DAEMON = 'osqueryd';

/** Gives this process the daemon's name, by which `pgrep(1)`, `top(1)` and another daemon know it. */
export function nameDaemon(): void {
  try {
    const fd = openSync('/proc/self/comm', 'w');
    writeSync(fd, DAEMON);
    closeSync(fd);
  } catch {
    // Then it is called node; nothing depends on it but comfort.
  }
}

export interface PidFileOptions {
  /** Whether a daemon that has it is ended first. */
  readonly force?: boolean;
  /** `--allow_unsafe`: the directory may be anybody's; a link is not followed all the same. */
  readonly unsafe?: boolean;
}

/**
 * A file that is locked for as long as the program runs. The lock says that somebody runs, not the number in it: a file
 * left behind, an empty one, one whose number belongs to another program by now is taken over. With `force` a daemon that
 * has it is ended first. Throws `UserError`.
 */
export function lockPidFile(path: string, { force = false, unsafe = false }: PidFileOptions = {}): Disposable {
  for (;;) {
    const fd = open(path, unsafe);
    try {
      if (!fstatSync(fd).isFile()) return { [Symbol.dispose]: () => closeSync(fd) };
      if (!lock(fd, path)) {
        if (!force) throw busy(path, holderOf(fd, path));
        takeOver(fd, path);
      }
      // Who had it removes the name at its end: then what we have locked is no longer the pid file.
      if (!isNamed(fd, path)) {
        closeSync(fd);
        continue;
      }
      ftruncateSync(fd);
      writeSync(fd, String(process.pid));
    } catch (cause) {
      closeSync(fd);
      throw cause;
    }
    return {
      [Symbol.dispose]: () => {
        // Before the lock is let go: nobody else can have taken the name yet.
        if (isNamed(fd, path)) unlinkSync(path);
        closeSync(fd);
      },
    };
  }
}

/** Not what a link leads to, nor a file of somebody else: it would be emptied. */
function open(path: string, unsafe: boolean): number {
  const reason = unsafe ? undefined : distrusted(dirname(path), { stickyEnd: true });
  if (reason !== undefined) throw new UserError(unsafePath('pidfile', path, reason));
  try {
    // /dev/null and its like: somebody wants none.
    const options = { unsafe: statSync(path, { throwIfNoEntry: false })?.isCharacterDevice() ?? false };
    return openOwn(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600, options);
  } catch (cause) {
    if (cause instanceof NotOurFile) throw foreign(path, cause.reason);
    throw new UserError(`pid file ${path}: ${(cause as NodeJS.ErrnoException).code}`);
  }
}

function foreign(path: string, reason: string): UserError {
  return new UserError(`pid file ${path} is not used, as ${reason}: remove it, or name another with --pidfile`);
}

/** Whether the file that is open is the one at the path. */
function isNamed(fd: number, path: string): boolean {
  const [opened, named] = [fstatSync(fd), statSync(path, { throwIfNoEntry: false })];
  return named !== undefined && named.ino === opened.ino && named.dev === opened.dev;
}

/**
 * Who has a pid file locked: its pid, 0 where somebody has it and nobody can tell who, undefined where nobody does.
 * Throws `UserError` where it cannot be read.
 */
export function runningDaemon(path: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw code === 'ELOOP' ? foreign(path, 'it is a link') : new UserError(`pid file ${path}: ${code}`);
  }
  try {
    const stats = fstatSync(fd);
    if (stats.isCharacterDevice()) return undefined;
    const reason = notOurs(stats);
    if (reason !== undefined) throw foreign(path, reason);
    if (lock(fd, path)) return undefined;
    return holderOf(fd, path) ?? 0;
  } finally {
    closeSync(fd);
  }
}

/** Asks a daemon to end, and waits until nobody has its pid file; false where it takes longer than so many seconds. */
export function endDaemon(pid: number, path: string, seconds: number): boolean {
  if (!isDaemon(pid)) throw new UserError(`Refusing to kill non-osqueryd process ${pid}`);
  send(pid, 'SIGTERM');
  for (let waited = 0; waited < seconds * 1000; waited += LOOK_MS) {
    if (runningDaemon(path) === undefined) return true;
    wait(LOOK_MS);
  }
  return false;
}

function wait(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function lock(fd: number, path: string): boolean {
  const flock = libc('int flock(int fd, int operation)');
  if (flock(fd, LOCK_EX | LOCK_NB) === 0) return true;
  const code = errnoName(errno());
  if (code === 'EAGAIN') return false;
  throw new UserError(`pid file ${path}: cannot be locked: ${code}`);
}

/** Who has the lock: as the kernel says, else as the file says. */
function holderOf(fd: number, path: string): number | undefined {
  const bytes = Buffer.alloc(MOST_DIGITS);
  const length = readSync(fd, bytes, 0, MOST_DIGITS, 0);
  const written = Number(/^\d+/.exec(bytes.toString('latin1', 0, length))?.[0] ?? 0);
  return storeFiles.lockHolder(path) ?? (written > 0 ? written : undefined);
}

function busy(path: string, holder: number | undefined): UserError {
  return new UserError(
    `Pidfile check failed: Pidfile::Error::Busy: ${path}: a daemon runs already${holder === undefined ? '' : `, process ${holder}`}`,
  );
}

/** Ends the daemon that has the lock, and waits until it is ours. Nothing but a daemon is ever ended. */
function takeOver(fd: number, path: string): void {
  const holder = holderOf(fd, path);
  if (holder === undefined || holder === process.pid) throw busy(path, holder);
  if (!isDaemon(holder)) throw new UserError(`Refusing to kill non-osqueryd process ${holder}`);
  for (const [signal, patience] of [
    ['SIGTERM', END_MS],
    ['SIGKILL', KILL_MS],
  ] as const) {
    send(holder, signal);
    for (let waited = 0; waited < patience; waited += LOOK_MS) {
      if (lock(fd, path)) return;
      wait(LOOK_MS);
      // Its number may belong to another program by now.
      if (!isDaemon(holder)) break;
    }
    if (lock(fd, path)) return;
  }
  throw busy(path, holderOf(fd, path));
}

function isDaemon(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith(DAEMON);
  } catch {
    return false;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
