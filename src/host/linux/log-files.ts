import {
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { identityOf, NotOurFile, type OwnFileOptions, openOwn } from './own-file.ts';

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/** Bytes of one write, about: a run of a million lines is never in memory twice. */
const CHUNK = 256 * 1024;
const LINE_BREAK = 10;
/** Paths that are remembered. */
const MOST_KNOWN = 100;

/** Files of loggers on the machine we run on (`LogFiles` of `loggers/log-files.ts`). */
export const logFiles = filesOf({});
/** The same with `--allow_unsafe`. */
export const unsafeLogFiles = filesOf({ unsafe: true });

function filesOf(options: OwnFileOptions) {
  /** Paths to the files that they were last: few, as loggers have few names. */
  const known = new Map<string, string>();
  return {
    append: (path: string, texts: Iterable<string>, mode: number): void => {
      const identity = append(path, texts, mode, { ...options, known: known.get(path) });
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(path, identity);
    },
    size: (path: string): number => lstatSync(path, { throwIfNoEntry: false })?.size ?? 0,
    exists: (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
    isForeign: (cause: unknown): boolean => cause instanceof NotOurFile,
    rename: (from: string, to: string): void => renameSync(from, to),
    remove: (path: string): void => rmSync(path, { force: true }),
    compress,
    link,
  };
}

/** Which file it was. */
function append(path: string, texts: Iterable<string>, mode: number, options: OwnFileOptions): string {
  const fd = openToAppend(path, mode, options);
  try {
    const stats = fstatSync(fd);
    permit(fd, stats, mode);
    let written = 0;
    const write = (text: string) => {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) {
        const count = writeSync(fd, bytes, at);
        at += count;
        written += count;
      }
    };
    try {
      let text = endsInMiddle(fd, stats) ? '\n' : '';
      let isFirst = true;
      for (const next of texts) {
        // Without a text nothing is to be written, and no line to be ended.
        if (isFirst && next === '') continue;
        isFirst = false;
        text += next;
        if (text.length < CHUNK) continue;
        write(text);
        text = '';
      }
      if (!isFirst) write(text);
      return identityOf(stats);
    } catch (cause) {
      // A pipe or terminal has no end to go back to.
      if (stats.isFile() && written > 0) takeBack(fd, written);
      throw cause;
    }
  } finally {
    closeSync(fd);
  }
}

/** To be read, too, as far as that is allowed: whether its last line is whole. */
function openToAppend(path: string, mode: number, options: OwnFileOptions): number {
  try {
    return openOwn(path, O_RDWR | O_APPEND | O_CREAT, mode, options);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'ENXIO') throw cause;
    return openOwn(path, O_WRONLY | O_APPEND | O_CREAT, mode, options);
  }
}

/** Whether a line was begun and not ended: the agent was killed while it wrote, or the machine lost its power. */
function endsInMiddle(fd: number, stats: Stats): boolean {
  if (!stats.isFile() || stats.size === 0) return false;
  const last = Buffer.alloc(1);
  try {
    return readSync(fd, last, 0, 1, stats.size - 1) === 1 && last[0] !== LINE_BREAK;
  } catch {
    return false; // It may not be read.
  }
}

/** What was written of lines of which not all could be. */
function takeBack(fd: number, bytes: number): void {
  try {
    ftruncateSync(fd, fstatSync(fd).size - bytes);
  } catch {
    // The disk is gone; the next line begins with a line break.
  }
}

/** As in osquery a log has its mode whatever the umask says, and one that was there before gets it. */
function permit(fd: number, stats: Stats, mode: number): void {
  if (!stats.isFile() || (stats.mode & 0o7777) === mode) return;
  try {
    fchmodSync(fd, mode);
  } catch (cause) {
    // Somebody else's, who lets us write to it.
    if ((cause as NodeJS.ErrnoException).code !== 'EPERM') throw cause;
  }
}

async function compress(from: string, to: string): Promise<void> {
  const draft = `${to}.partial`;
  const { mode } = lstatSync(from);
  rmSync(draft, { force: true });
  try {
    await pipeline(
      createReadStream('', { fd: openOwn(from, O_RDONLY, 0) }),
      createZstdCompress(),
      createWriteStream(draft, {
        // Node takes numbers, its types do not say so.
        flags: (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW) as unknown as string,
        mode: mode & 0o777,
      }),
    );
  } catch (cause) {
    // A disk that is full needs the room.
    rmSync(draft, { force: true });
    throw cause;
  }
  renameSync(draft, to);
  rmSync(from);
}

/** A new link is renamed into place: there is always one. */
function link(target: string, path: string): void {
  const draft = `${path}.${process.pid}`;
  rmSync(draft, { force: true });
  symlinkSync(target, draft);
  renameSync(draft, path);
}
