/** A warning that comes with each run of a query is said once in this time. */
const QUIET_MS = 3_600_000;
/** Distinct texts that are remembered: file names in them may be anybody's. */
const MAX_TEXTS = 1000;

/** Says the same text again only after a while, with how many times it came meanwhile. */
export function sparingly(say: (text: string) => void, now: () => number = Date.now): (text: string) => void {
  const known = new Map<string, { readonly said: number; times: number }>();
  return (text) => {
    const last = known.get(text);
    if (last !== undefined && now() - last.said < QUIET_MS) {
      last.times += 1;
      return;
    }
    // The oldest goes first: a Map keeps the order in which keys came.
    known.delete(text);
    if (known.size >= MAX_TEXTS) known.delete(known.keys().next().value!);
    known.set(text, { said: now(), times: 0 });
    say(last === undefined || last.times === 0 ? text : `${text} (${last.times} times since)`);
  };
}
