import { fill } from '../base/digest.ts';
import { decodeText } from '../base/text.ts';
import type { Files } from '../host/host.ts';
import type { PasswdEntry } from '../parse/passwd.ts';
import { perMachine, RecentShares } from './recent-shares.ts';
import { openUserFile } from './user-files.ts';

/**
 * What one user's files may have in one scan of a table, all files together. 8 MiB are 100,000 commands of 80 characters,
 * or 12,000 keys of RSA; shells keep 500 to 50,000 commands. A byte counts as long as it is in JSON: of 8 MiB of control
 * characters rows of 48 MiB would come.
 */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_LINES = 100_000;
/** As many times a minute all of it is read: a join with what a user has many of asks for the same files again and again. */
const TIMES = 6;
/** A home belongs to an account, and nobody makes accounts but root. */
const TOGETHER = Number.POSITIVE_INFINITY;
const recentBytes = perMachine(() => new RecentShares(60_000, TOGETHER));
const recentLines = perMachine(() => new RecentShares(60_000, TOGETHER));
/** `MAX_ARG_STRLEN` of the kernel: no argument of a program is longer. */
const MAX_LINE = 128 * 1024;

const LINE_FEED = 0x0a;

/** Texts of one user, read within one bound. `report` says what was left out. */
export class UserTexts {
  readonly #files: Files;
  readonly #user: PasswdEntry;
  #bytes: number;
  #lines: number;
  readonly #leftOut = new Loss();
  readonly #shortened = new Loss();

  constructor(files: Files, user: PasswdEntry) {
    this.#files = files;
    this.#user = user;
    this.#bytes = Math.min(MAX_BYTES, recentBytes(files).left(user.uid, MAX_BYTES * TIMES));
    this.#lines = Math.min(MAX_LINES, recentLines(files).left(user.uid, MAX_LINES * TIMES));
  }

  /** The file's first lines, or with `newest` its last ones. Throws `HostError`. */
  read(path: string, newest = false): string {
    using file = openUserFile(this.#files, path, this.#user);
    const { size } = file.stat;
    const room = this.#lines > 0 ? this.#bytes : 0;
    const bytes = Buffer.allocUnsafe(Math.min(size, room));
    let position = newest ? size - bytes.length : 0;
    const length = fill((into) => {
      const count = file.readAt(into, position);
      position += count;
      return count;
    }, bytes);
    const part = wholeLines(bytes.subarray(0, length), room, this.#lines, size > bytes.length, newest);
    this.#leftOut.add(path, size - bytes.length + length - part.bytes.length);
    this.#bytes = Math.max(0, this.#bytes - part.cost);
    this.#lines -= part.lines;
    recentBytes(this.#files).spend(this.#user.uid, MAX_BYTES * TIMES, part.cost);
    recentLines(this.#files).spend(this.#user.uid, MAX_LINES * TIMES, part.lines);
    const { text, cut } = shortened(part.bytes);
    this.#shortened.add(path, cut);
    return text;
  }

  /** To be called when the last file was read. */
  report(warn: (message: string, cause: string) => void): void {
    const { name } = this.#user;
    const leftOut = this.#leftOut;
    if (leftOut.total > 0) {
      const bound = `of the files of user ${name} ${MAX_BYTES} bytes and ${MAX_LINES} lines are read`;
      warn(`truncated: ${bound}`, `${leftOut}: ${leftOut.total} bytes left out`);
    }
    const cut = this.#shortened;
    if (cut.total > 0) {
      warn(`truncated: user ${name} has lines longer than ${MAX_LINE} bytes`, `${cut}: ${cut.total} lines`);
    }
  }
}

/** What was lost of how many files. */
class Loss {
  total = 0;
  #first = '';
  #files = 0;

  add(path: string, amount: number): void {
    if (amount <= 0) return;
    this.total += amount;
    if (this.#files++ === 0) this.#first = path;
  }

  toString(): string {
    return this.#files > 1 ? `${this.#first} and ${this.#files - 1} more` : this.#first;
  }
}

interface Part {
  readonly bytes: Buffer;
  readonly lines: number;
  readonly cost: number;
}

/** At most `lines` lines from the beginning or the end, for `room`; where the file is longer, none that is cut. */
function wholeLines(bytes: Buffer, room: number, lines: number, longer: boolean, newest: boolean): Part {
  let start = 0;
  let end = bytes.length;
  // One line that fills everything is shown as far as it goes.
  if (longer && newest) start = bytes.indexOf(LINE_FEED) + 1;
  else if (longer) end = bytes.lastIndexOf(LINE_FEED) + 1 || end;
  if (start === end) start = 0;
  let count = 0;
  let cost = 0;
  const fits = (from: number, to: number) => {
    const more = costOf(bytes, from, to);
    if (count > 0 && cost + more > room) return false;
    cost += more;
    count += 1;
    return true;
  };
  if (newest) {
    // The line feed at the end of the last line begins no other.
    let at = end;
    while (at > start && count < lines) {
      const next = at - 2 < start ? start : Math.max(start, bytes.lastIndexOf(LINE_FEED, at - 2) + 1);
      if (!fits(next, at)) break;
      at = next;
    }
    return { bytes: bytes.subarray(at, end), lines: count, cost };
  }
  let at = start;
  while (at < end && count < lines) {
    const feed = bytes.indexOf(LINE_FEED, at);
    const next = feed < 0 || feed >= end ? end : feed + 1;
    if (!fits(at, next)) break;
    at = next;
  }
  return { bytes: bytes.subarray(start, at), lines: count, cost };
}

/** What a line takes: its bytes, and what the characters of it that are shown have more in JSON, as `\u0001` has five. */
function costOf(bytes: Buffer, start: number, end: number): number {
  let cost = end - start;
  const shown = Math.min(end, start + MAX_LINE);
  for (let at = start; at < shown; at++) {
    const byte = bytes[at]!;
    if (byte < 0x20) cost += byte === LINE_FEED ? 0 : 5;
    else if (byte === 0x22 || byte === 0x5c) cost += 1;
  }
  return cost;
}

/** The text without the ends of lines that are too long; changes the bytes. */
function shortened(bytes: Buffer): { readonly text: string; readonly cut: number } {
  let cut = 0;
  let to = 0;
  for (let from = 0; from < bytes.length; ) {
    const feed = bytes.indexOf(LINE_FEED, from);
    const end = feed < 0 ? bytes.length : feed;
    let kept = end;
    if (end - from > MAX_LINE) {
      cut += 1;
      kept = from + MAX_LINE;
      // Not within a character of UTF-8, which has at most three bytes behind its first.
      for (let i = 0; i < 3 && (bytes[kept]! & 0xc0) === 0x80; i++) kept -= 1;
    }
    if (to !== from) bytes.copyWithin(to, from, kept);
    to += kept - from;
    if (feed >= 0) bytes[to++] = LINE_FEED;
    from = end + 1;
  }
  return { text: decodeText(bytes, 0, to), cut };
}
