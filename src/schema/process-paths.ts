import { lengthInJson } from '../base/text.ts';
import type { Files } from '../host/host.ts';
import { UserShares } from './user-shares.ts';

/**
 * Characters of paths, in JSON, that processes of one user have in all beyond those that each may have: a path has up to 4,096,
 * of six in JSON each, and a user may have thousands of processes that work in it.
 */
const SHARE = 2 * 1024 * 1024;
const FREE = 1024;

/** Paths of processes, such as the directory that they work in. One that is beyond the bound of its user is empty, with a warning. */
export class ProcessPaths {
  readonly #shares: UserShares;

  constructor(files: Files) {
    this.#shares = new UserShares(files, { share: SHARE, free: FREE, what: 'characters of paths' });
  }

  bounded(pid: number, path: string | undefined): string | undefined {
    if (path === undefined) return undefined;
    const cost = lengthInJson(path);
    return this.#shares.take(pid, cost) === cost ? path : '';
  }

  /** To be called when the last process was looked at. */
  report(warn: (message: string, cause: string) => void): void {
    this.#shares.report(warn);
  }
}
