/** A line of `/proc/<pid>/maps`, `proc_pid_maps(5)`. Addresses in hexadecimal, without 0x. */
export interface Mapping {
  readonly start: string;
  readonly end: string;
  readonly permissions: string;
  /** Bytes into the file. */
  readonly offset: number;
  /** `major:minor`, in hexadecimal. */
  readonly device: string;
  readonly inode: number;
  /** File, or a name in brackets; empty for anonymous memory. */
  readonly path: string;
}

const LINE =
  /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([rwxsp-]{4}) ([0-9a-f]{1,16}) ([0-9a-f]+:[0-9a-f]+) (\d{1,20})(?: +(.*))?$/;

export function* parseProcPidMaps(content: string): Generator<Mapping> {
  for (const line of content.split('\n')) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const [, start, end, permissions, offset, device, inode, path = ''] = match as unknown as string[];
    yield {
      start: start!,
      end: end!,
      permissions: permissions!,
      offset: Number.parseInt(offset!, 16),
      device: device!,
      inode: Number(inode),
      path,
    };
  }
}
