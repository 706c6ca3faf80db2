/** A lock of `/proc/locks`, proc(5). */
export interface FileLock {
  readonly pid: number;
  /** Of the file system, `major:minor` in hexadecimal. */
  readonly device: string;
  readonly inode: number;
}

/**
 * `1: POSIX  ADVISORY  WRITE 1234 fd:00:131313 0 EOF`. A waiting lock has `->` before its kind, one of another pid
 * namespace the pid 0 or -1.
 */
export function* parseLocks(content: string): Generator<FileLock> {
  for (const line of content.split('\n')) {
    const match = /^\d+: (?!->)\S+ +\S+ +\S+ +(-?\d+) ([0-9a-f]+:[0-9a-f]+):(\d+) /.exec(line);
    if (match !== null) yield { pid: Number(match[1]), device: match[2]!, inode: Number(match[3]) };
  }
}
