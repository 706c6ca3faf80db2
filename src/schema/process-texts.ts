import { HostError, ifReadable } from '../base/errors.ts';
import { cutText, lengthInJson } from '../base/text.ts';
import type { Files } from '../host/host.ts';
import { readLongStart } from '../host/read-start.ts';
import { perMachine, RecentShares } from './recent-shares.ts';
import { UserShares } from './user-shares.ts';

/** `MAX_ARG_STRLEN` of the kernel, include/uapi/linux/binfmts.h: the longest argument or variable of a program. */
export const MAX_PROCESS_TEXT = 128 * 1024;
/**
 * What the processes of one user have in all. 4 MiB are 4,000 programs with 1,000 characters more than the 1,024 that each
 * has anyway. A character counts as long as it is in JSON, at most six.
 */
const SHARE = 4 * 1024 * 1024;
const FREE = 1024;
/** `\u0001`. */
const LONGEST_IN_JSON = 6;
const SHORT = 16 * 1024;
/** What they have in ten seconds: whoever joins 10,000 sockets with their process has its arguments 10,000 times. */
const RECENT_SHARE = 12 * 1024 * 1024;
const recentTexts = perMachine(() => new RecentShares(10_000));

/**
 * What processes were started with, `/proc/<pid>/cmdline` or `environ`. A process may have 6 MB of it, and a user
 * thousands of processes: what is beyond the bounds is left out, with a warning that says so.
 */
export class ProcessTexts {
  readonly #files: Files;
  readonly #name: 'cmdline' | 'environ';
  readonly #shares: UserShares;
  #cut = 0;
  #first = 0;
  #leftAlone = 0;

  constructor(files: Files, name: 'cmdline' | 'environ') {
    this.#files = files;
    this.#name = name;
    const recent = { shares: recentTexts(files), share: RECENT_SHARE };
    this.#shares = new UserShares(files, { share: SHARE, free: FREE, what: `characters of ${name}`, recent });
  }

  /** Of a process that has ended, or that we may not look into, empty. */
  read(pid: number): string {
    const path = `/proc/${pid}/${this.#name}`;
    try {
      // Most are short, and read at once.
      const text = this.#files.readText(path, { limit: SHORT });
      return text.length * LONGEST_IN_JSON <= FREE ? text : this.#cutToShare(pid, text);
    } catch (cause) {
      if (!(cause instanceof HostError)) throw cause;
      if (cause.code === 'ETIMEDOUT') this.#leftAlone += 1;
      return cause.code === 'EFBIG' ? this.#readLong(pid, path) : '';
    }
  }

  /** Reads no more than the user has left: what is asked for again and again must not cost a megabyte each time. */
  #readLong(pid: number, path: string): string {
    const limit = Math.min(MAX_PROCESS_TEXT, FREE + this.#shares.left(pid));
    const found = ifReadable(() => readLongStart(this.#files, path, limit));
    if (found === undefined) return '';
    if (found.cut && limit === MAX_PROCESS_TEXT && this.#cut++ === 0) this.#first = pid;
    // How long a text is that was not read to its end nobody knows; it is counted as one of the longest.
    const length = found.cut && limit < MAX_PROCESS_TEXT ? MAX_PROCESS_TEXT : 0;
    return this.#cutToShare(pid, found.text, length);
  }

  /** `least`: what the text counts at least. */
  #cutToShare(pid: number, text: string, least = 0): string {
    const cost = lengthInJson(text);
    const given = this.#shares.take(pid, Math.max(least, cost));
    return given >= cost ? text : cutText(text, Math.floor((text.length * given) / cost));
  }

  /** To be called when the last was read. */
  report(warn: (message: string, cause: string) => void): void {
    const more = this.#cut > 1 ? ` and ${this.#cut - 1} more` : '';
    if (this.#cut > 0) {
      warn(`truncated: ${this.#name} has more than ${MAX_PROCESS_TEXT} bytes`, `process ${this.#first}${more}`);
    }
    if (this.#leftAlone > 0) {
      const what = `${this.#name} of processes is left out, whose memory did not answer or belongs to such a user`;
      warn(what, `${this.#leftAlone} processes`);
    }
    this.#shares.report(warn);
  }
}
