import type { Files } from '../host/host.ts';
import { userOf } from './process-user.ts';
import { EVERYBODY, type RecentShares } from './recent-shares.ts';

export interface ShareOptions {
  /** What the processes of one user may take in all. */
  readonly share: number;
  /** What each process may take without being counted: the honest ones never ask who they belong to. */
  readonly free: number;
  /** What is shared out, for the warning: `bytes of arguments`. */
  readonly what: string;
  /** What there is over several scans, where one bounds too little. */
  readonly recent?: { readonly shares: RecentShares; readonly share: number };
}

interface User {
  readonly uid: number;
  left: number;
  leftOut: number;
  /** The first process that got less than it wanted, and how many did. */
  firstPid: number;
  processes: number;
  lastPid: number;
}

/**
 * Shares out what is held in memory among the users whose processes want it, so that nobody's processes crowd out those of
 * others. The real user counts: a program that runs as root for a user is that user's. Root itself has no bound.
 */
export class UserShares {
  readonly #files: Files;
  readonly #options: ShareOptions;
  readonly #users = new Map<number, User>();
  /** Of all users together but root. */
  #left: number;
  #pid = -1;
  #taken = 0;
  #user: User | undefined;

  constructor(files: Files, options: ShareOptions) {
    this.#files = files;
    this.#options = options;
    this.#left = options.share * EVERYBODY;
  }

  /** How much of `wanted` more the process gets. Processes take one after the other. */
  take(pid: number, wanted: number): number {
    const { free } = this.#options;
    if (pid !== this.#pid) {
      this.#pid = pid;
      this.#taken = 0;
      this.#user = undefined;
    }
    const without = Math.min(wanted, Math.max(0, free - this.#taken));
    this.#taken += wanted;
    if (without === wanted) return wanted;
    this.#user ??= this.#userOf(pid);
    const user = this.#user;
    const counted = wanted - without;
    const given = user.uid === 0 ? counted : Math.min(counted, user.left, this.#left);
    user.left -= given;
    if (user.uid !== 0) this.#left -= given;
    const { recent } = this.#options;
    if (recent !== undefined && user.uid !== 0) recent.shares.spend(user.uid, recent.share, given);
    if (given < counted) this.#note(user, pid, counted - given);
    return without + given;
  }

  /** What the user of the process has left, beyond what is free. */
  left(pid: number): number {
    const { uid, left } = this.#userOf(pid);
    return uid === 0 ? left : Math.min(left, this.#left);
  }

  /** Says who got less than it wanted; to be called when the last has taken. */
  report(warn: (message: string, cause: string) => void): void {
    const { share, what } = this.#options;
    for (const [uid, { leftOut, firstPid, processes }] of this.#users) {
      if (leftOut === 0) continue;
      const more = processes > 1 ? ` and ${processes - 1} more` : '';
      const who = this.#left > 0 ? `user ${uid} has more than ${share}` : `users have more than ${share * EVERYBODY}`;
      // Equal messages of many scans are counted, so what differs is the cause.
      warn(`truncated: ${who} ${what}`, `${leftOut} of process ${firstPid}${more} left out`);
    }
  }

  #note(user: User, pid: number, leftOut: number): void {
    user.leftOut += leftOut;
    if (user.lastPid === pid) return;
    user.lastPid = pid;
    user.processes += 1;
    if (user.processes === 1) user.firstPid = pid;
  }

  #shareOf(uid: number): number {
    const { share, recent } = this.#options;
    if (uid === 0) return Number.POSITIVE_INFINITY;
    return recent === undefined ? share : Math.min(share, recent.shares.left(uid, recent.share));
  }

  #userOf(pid: number): User {
    const uid = userOf(this.#files, pid) ?? NOBODY;
    let user = this.#users.get(uid);
    if (user === undefined) {
      user = { uid, left: this.#shareOf(uid), leftOut: 0, firstPid: 0, processes: 0, lastPid: -1 };
      this.#users.set(uid, user);
    }
    return user;
  }
}

/** Processes that have ended meanwhile share what there is for one user. */
const NOBODY = -1;
