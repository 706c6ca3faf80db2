import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';

/** Files of loggers on the machine we run on (`LogFiles` of `loggers/log-files.ts`). */
export const logFiles = {
  append,
  size: (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0,
  exists: (path: string): boolean => existsSync(path),
  rename: (from: string, to: string): void => renameSync(from, to),
  remove: (path: string): void => rmSync(path, { force: true }),
  compress,
  link,
};

function append(path: string, text: string, mode: number): void {
  const fd = openSync(path, 'a', mode);
  try {
    permit(fd, mode);
    const bytes = Buffer.from(text);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(fd, bytes, written);
    } catch (cause) {
      // A pipe or terminal has no end to go back to.
      const stat = fstatSync(fd);
      if (stat.isFile() && written > 0) ftruncateSync(fd, stat.size - written);
      throw cause;
    }
  } finally {
    closeSync(fd);
  }
}

/** As in osquery a log has its mode whatever the umask says, and one that was there before gets it. */
function permit(fd: number, mode: number): void {
  const stat = fstatSync(fd);
  if (!stat.isFile() || (stat.mode & 0o7777) === mode) return;
  try {
    fchmodSync(fd, mode);
  } catch (cause) {
    // Somebody else's, who lets us write to it.
    if ((cause as NodeJS.ErrnoException).code !== 'EPERM') throw cause;
  }
}

async function compress(from: string, to: string): Promise<void> {
  const draft = `${to}.partial`;
  const { mode } = statSync(from);
  await pipeline(createReadStream(from), createZstdCompress(), createWriteStream(draft, { mode: mode & 0o777 }));
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
