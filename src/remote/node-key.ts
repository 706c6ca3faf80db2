import { type Store, StoreDamaged, StoreFull } from '../store/store.ts';
import type { JsonObject } from './failure.ts';

/** In the store's settings; `--database_dump` hides values under such a name, and no table shows settings. */
const SETTING = 'node_key';

/** Fleet's have 32 characters, osctrl's 64; the key goes into a header of every request, which may have 16 KiB in all. */
const MOST_CHARACTERS = 4096;

/** What the server calls this node. The store's file can be read by root alone. */
export class NodeKey {
  readonly #store: Store;
  #current: string;
  /** The store had no room for it. */
  #unkept = false;

  constructor(store: Store) {
    this.#store = store;
    const kept = store.settings.get(SETTING) ?? '';
    this.#current = problemOf(kept) === undefined ? kept : '';
  }

  /** Empty where there is none. */
  get current(): string {
    if (this.#unkept) this.set(this.#current);
    return this.#current;
  }

  /** Kept over a loss of power, too: a node that forgot its key would be a second one to its server. Tried again if it fails. */
  set(key: string): void {
    this.#current = key;
    const write = () => (key === '' ? this.#store.settings.delete(SETTING) : this.#store.settings.set(SETTING, key));
    try {
      this.#store.transaction(write, { durable: true });
      this.#unkept = false;
    } catch (cause) {
      if (!(cause instanceof StoreFull || cause instanceof StoreDamaged)) throw cause;
      this.#unkept = true;
    }
  }
}

/** The key that an answer to an enrolment gives, as `node_key` or `id`; else why there is none, without repeating it. */
export function keyIn(answer: JsonObject): { readonly key: string } | { readonly problem: string } {
  for (const name of ['node_key', 'id']) {
    const value = answer[name];
    if (value === undefined || value === null) continue;
    const problem = typeof value === 'string' ? problemOf(value) : 'is not text';
    return problem === undefined ? { key: value as string } : { problem: `the ${name} in the answer ${problem}` };
  }
  const said = typeof answer['error'] === 'string' ? `: ${oneLine(answer['error'])}` : '';
  return { problem: `there is no node_key in the answer${said}` };
}

function problemOf(key: string): string | undefined {
  if (key === '') return 'is empty';
  if (key.length > MOST_CHARACTERS) return `has more than ${MOST_CHARACTERS} characters`;
  // It stands in a header: a line break would begin another one.
  return /[\x00-\x1f\x7f]/.test(key) || !key.isWellFormed() ? 'has characters that no header can have' : undefined;
}

/** Characters of a server's own words that a message repeats. */
const SHOWN = 300;

export function oneLine(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]+/g, ' ').slice(0, SHOWN);
}
