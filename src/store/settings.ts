import type { Preparing, Statement } from './database.ts';

/** Names and values: identifiers, epochs, what a restart must find again. */
export class Settings {
  readonly #get: Statement;
  readonly #set: Statement;
  readonly #delete: Statement;
  readonly #entries: Statement;

  constructor(database: Preparing) {
    this.#get = database.prepare('SELECT value FROM settings WHERE name = ?', { again: true });
    this.#set = database.prepare(
      'INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      { again: true },
    );
    this.#delete = database.prepare('DELETE FROM settings WHERE name = ?', { again: true });
    this.#entries = database.prepare(
      'SELECT name, value FROM settings WHERE name >= ?1 AND substr(name, 1, length(?1)) = ?1 ORDER BY name',
      { again: true },
    );
  }

  get(name: string): string | undefined {
    return this.#get.get(name)?.['value'] as string | undefined;
  }

  set(name: string, value: string): void {
    this.#set.run(name, value);
  }

  delete(name: string): void {
    this.#delete.run(name);
  }

  /** Those whose names begin so, in order. */
  *entries(prefix = ''): Generator<readonly [name: string, value: string]> {
    for (const { name, value } of this.#entries.all(prefix)) yield [name as string, value as string];
  }
}
