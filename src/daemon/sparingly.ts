import { monotonicNow } from '../base/clock.ts';

/** A warning that comes with each run of a query is said once in this time. */
const QUIET_MS = 3_600_000;
/** Distinct texts, and kinds of them, that are remembered: file names in them may be anybody's. */
const MAX_TEXTS = 1000;
/** Texts of one kind that are said in that time: ten show what it is about. */
const MOST_OF_A_KIND = 10;
/** And texts of all kinds: a status log of 200 lines an hour takes a month to fill its 10 MB. */
const MOST_IN_ALL = 200;
/** Characters of a text that make its kind. */
const KIND_LENGTH = 300;

/** What was said of something, and how often it was not, since then. */
interface Window {
  readonly since: number;
  said: number;
  unsaid: number;
}

/**
 * Says the same text again only after a while, with how many times it came meanwhile; of texts that differ only in numbers,
 * paths and what is quoted only some; and of all of them together only so many. What was not said is counted.
 */
export function sparingly(say: (text: string) => void, now: () => number = monotonicNow): (text: string) => void {
  const texts = new Map<string, Window>();
  const kinds = new Map<string, Window>();
  const all = new Map<string, Window>();
  return (text) => {
    const same = windowOf(texts, text, now());
    if (same.said > 0) {
      same.unsaid += 1;
      return;
    }
    const [kind, total] = [windowOf(kinds, kindOf(text), now()), windowOf(all, '', now())];
    const full = kind.said >= MOST_OF_A_KIND ? kind : total.said >= MOST_IN_ALL ? total : undefined;
    if (full !== undefined) {
      // It is not remembered as said.
      texts.delete(text);
      full.unsaid += 1;
      return;
    }
    for (const window of [same, kind, total]) window.said += 1;
    const notes = [
      same.unsaid > 0 && `${same.unsaid} times since`,
      kind.unsaid > 0 && `${kind.unsaid} more like it were not said`,
      total.unsaid > 0 && `${total.unsaid} others were not said`,
    ].filter((note) => note !== false);
    for (const window of [same, kind, total]) window.unsaid = 0;
    say(notes.length === 0 ? text : `${text} (${notes.join(', ')})`);
  };
}

/** The window of a key, a new one where the last is over, which inherits what is yet to be said. */
function windowOf(windows: Map<string, Window>, key: string, now: number): Window {
  const last = windows.get(key);
  if (last !== undefined && now - last.since < QUIET_MS) return last;
  const window = { since: now, said: 0, unsaid: last?.unsaid ?? 0 };
  // The oldest goes first: a Map keeps the order in which keys came.
  windows.delete(key);
  if (windows.size >= MAX_TEXTS) windows.delete(windows.keys().next().value!);
  windows.set(key, window);
  return window;
}

/** A text without what is another one each time. */
function kindOf(text: string): string {
  return text
    .slice(0, KIND_LENGTH)
    .replace(/"[^"]*"|'[^']*'|\u201c[^\u201d]*\u201d/g, '""')
    .replace(/\/\S*/g, '/')
    .replace(/[0-9a-f]*\d[0-9a-f]*/gi, '0');
}
