import { ifReadable } from '../base/errors.ts';
import type { Files } from '../host/host.ts';
import { UserShares } from './user-shares.ts';

/** An open descriptor of a process and what its link in `/proc/<pid>/fd` says: a path, `socket:[1]`, `pipe:[2]`, … */
export interface Descriptor {
  readonly fd: number;
  readonly link: string;
}

/** The open descriptors of a process; none where we may not look, or it has ended. */
export function* descriptors(files: Files, pid: number): Generator<Descriptor> {
  const directory = `/proc/${pid}/fd`;
  // The links themselves are read, never followed: what a user has open need not answer.
  for (const { name } of ifReadable(() => files.list(directory)) ?? []) {
    const link = ifReadable(() => files.readLink(`${directory}/${name}`));
    if (link !== undefined && /^\d{1,9}$/.test(name)) yield { fd: Number(name), link };
  }
}

/**
 * Shares of descriptors, for which a row or what is held until all processes were looked into takes about 100 bytes. 131,072
 * a user are 13 MB, more than a proxy has with 60,000 connections on each side; 64 a process are not counted.
 */
export function descriptorShares(files: Files, share = 131_072): UserShares {
  return new UserShares(files, { share, free: 64, what: 'descriptors' });
}
