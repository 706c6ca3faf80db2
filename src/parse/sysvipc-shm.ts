/** A segment of System V shared memory, a line of `/proc/sysvipc/shm`, `proc_sysvipc(5)`. Times are Unix seconds. */
export interface SharedMemorySegment {
  readonly id: number;
  /** Permission bits and `SHM_DEST`, `SHM_LOCKED`. */
  readonly mode: number;
  readonly size: number;
  readonly creatorPid: number;
  readonly lastPid: number;
  readonly attached: number;
  readonly uid: number;
  readonly creatorUid: number;
  readonly atime: number;
  readonly dtime: number;
  readonly ctime: number;
}

/**
 * After a heading: key, id, mode (octal), size, creator's and last user's pid, attached, uid, gid, creator's uid and
 * gid, atime, dtime, ctime, rss, swap. Lines of another shape are skipped.
 */
export function* parseSharedMemory(content: string): Generator<SharedMemorySegment> {
  for (const line of content.split('\n').slice(1)) {
    const fields = line.trim().split(/ +/);
    const numbers = fields.map(Number);
    if (fields.length < 14 || !numbers.every(Number.isSafeInteger)) continue;
    yield {
      id: numbers[1]!,
      mode: Number.parseInt(fields[2]!, 8),
      size: numbers[3]!,
      creatorPid: numbers[4]!,
      lastPid: numbers[5]!,
      attached: numbers[6]!,
      uid: numbers[7]!,
      creatorUid: numbers[9]!,
      atime: numbers[11]!,
      dtime: numbers[12]!,
      ctime: numbers[13]!,
    };
  }
}
