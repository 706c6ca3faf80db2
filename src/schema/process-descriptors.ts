import { ifReadable } from '../base/errors.ts';
import type { Files } from '../host/host.ts';

/** An open descriptor of a process and what its link in `/proc/<pid>/fd` says: a path, `socket:[1]`, `pipe:[2]`, … */
export interface Descriptor {
  readonly fd: number;
  readonly link: string;
}

/** The open descriptors of a process; none where we may not look, or it has ended. */
export function* descriptors(files: Files, pid: number): Generator<Descriptor> {
  const directory = `/proc/${pid}/fd`;
  for (const { name } of ifReadable(() => files.list(directory)) ?? []) {
    const link = ifReadable(() => files.readLink(`${directory}/${name}`));
    if (link !== undefined && /^\d{1,9}$/.test(name)) yield { fd: Number(name), link };
  }
}
