import type { Host } from '../host/host.ts';

/** As long as nscd and SSSD hold what they could not find (`negative-time-to-live` 20, `entry_negative_timeout` 15). */
const HELD_SECONDS = 15;
/** 100 bytes each: when there are more, all are forgotten. */
const MAX_ANSWERS = 1000;

interface Answers<T> {
  /** Seconds since the epoch. */
  readonly since: number;
  readonly byId: Map<number, T | undefined>;
}

/** What a service answered for a while, also that it knows nothing: a join of files asks for one id thousands of times. */
export class HeldAnswers<T> {
  readonly #held = new WeakMap<Host, Answers<T>>();

  of(host: Host, id: number, now: number, ask: () => T | undefined): T | undefined {
    let answers = this.#held.get(host);
    const fresh = answers !== undefined && now >= answers.since && now < answers.since + HELD_SECONDS;
    if (answers === undefined || !fresh || answers.byId.size >= MAX_ANSWERS) {
      answers = { since: now, byId: new Map() };
      this.#held.set(host, answers);
    }
    if (!answers.byId.has(id)) answers.byId.set(id, ask());
    return answers.byId.get(id);
  }
}
