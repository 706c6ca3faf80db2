import type { EventTable, Moment } from '../schema/event-table.ts';
import { isDamage } from '../store/damaged.ts';
import { type Pack, Packer } from '../store/event-pack.ts';

/** Events of one table that wait to be stored, and bytes of them. */
const MAX_EVENTS = 10_000;
const MAX_BYTES = 8 * 1024 * 1024;

// biome-ignore lint/suspicious/noExplicitAny: a publisher knows what its events are, the collector passes them on
type AnyEventTable = EventTable<any, any>;

interface Batch {
  readonly table: AnyEventTable;
  readonly packer: Packer;
  stored: number;
  dropped: number;
}

/** What takes events in the end: the store, or another thread. */
export interface PackStore {
  append(table: string, form: string, packs: readonly Pack[]): void;
}

/** Keeps what publishers hear, for each table what it wants, a batch at a time. */
export class Collector {
  readonly #store: PackStore;
  readonly #warn: (message: string) => void;
  readonly #batches: readonly Batch[];

  constructor(store: PackStore, tables: readonly AnyEventTable[], warn: (message: string) => void) {
    this.#store = store;
    this.#warn = warn;
    this.#batches = tables.map((table) => ({ table, packer: new Packer(), stored: 0, dropped: 0 }));
  }

  /** Tables to how many events of them were kept, and how many found no room. */
  get counts(): ReadonlyMap<string, { readonly stored: number; readonly dropped: number }> {
    return new Map(this.#batches.map(({ table, stored, dropped }) => [table.name, { stored, dropped }]));
  }

  /** An event of a publisher, for all its tables. `time`: Unix seconds. */
  add(publisher: string, event: { readonly occurred: bigint }, time: number, moment: Moment): void {
    for (const batch of this.#batches) {
      if (batch.table.publisher !== publisher) continue;
      batch.packer.at(time, event.occurred);
      batch.table.keep(event, moment, batch.packer);
      if (batch.packer.events >= MAX_EVENTS || batch.packer.bytesOfEvents > MAX_BYTES) this.#keep(batch);
    }
  }

  /** Events of a table that another thread has heard. */
  keep(name: string, packs: readonly Pack[]): void {
    const batch = this.#batches.find(({ table }) => table.name === name);
    if (batch !== undefined) this.#append(batch, packs);
  }

  /** Keeps what has come. */
  flush(): void {
    for (const batch of this.#batches) if (batch.packer.events > 0) this.#keep(batch);
  }

  #keep(batch: Batch): void {
    this.#append(batch, batch.packer.take());
  }

  #append(batch: Batch, packs: readonly Pack[]): void {
    const { table } = batch;
    const events = packs.reduce((sum, pack) => sum + pack.events, 0);
    try {
      this.#store.append(table.name, table.form, packs);
      batch.stored += events;
    } catch (cause) {
      // Whoever starts the thread anew has it begin a new file.
      if (isDamage(cause)) throw cause;
      if (batch.dropped === 0) this.#warn(`${table.name}: events are lost: ${(cause as Error).message}`);
      batch.dropped += events;
    }
  }
}
