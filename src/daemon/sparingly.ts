/** A warning that comes with each run of a query is said once in this time. */
const QUIET_MS = 3_600_000;
/** Distinct texts that are remembered: file names in them may be anybody's. */
const MAX_TEXTS = 1000;
/** Texts that are said in that time, for the same reason: whoever makes new names must not fill the log. */
const MAX_SAID = 2000;

/** Says the same text again only after a while, with how many times it came meanwhile, and of different ones not too many. */
export function sparingly(say: (text: string) => void, now: () => number = Date.now): (text: string) => void {
  const known = new Map<string, { readonly said: number; times: number }>();
  let [since, count, unsaid] = [now(), 0, 0];
  return (text) => {
    const last = known.get(text);
    if (last !== undefined && now() - last.said < QUIET_MS) {
      last.times += 1;
      return;
    }
    if (now() - since >= QUIET_MS) {
      if (unsaid > 0) say(`${unsaid} more warnings came in the last hour`);
      [since, count, unsaid] = [now(), 0, 0];
    }
    count += 1;
    if (count > MAX_SAID) {
      if (unsaid === 0)
        say(`${MAX_SAID} different warnings in an hour; more are counted, and not said before it is over`);
      unsaid += 1;
      return;
    }
    // The oldest goes first: a Map keeps the order in which keys came.
    known.delete(text);
    if (known.size >= MAX_TEXTS) known.delete(known.keys().next().value!);
    known.set(text, { said: now(), times: 0 });
    say(last === undefined || last.times === 0 ? text : `${text} (${last.times} times since)`);
  };
}
