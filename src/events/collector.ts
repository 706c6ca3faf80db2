import { type EventTable, encodeCells, layoutOf, type Moment } from '../schema/event-table.ts';
import { isDamage } from '../store/damaged.ts';
import type { EventStore, NewEvent } from '../store/event-store.ts';

/** Rows of one table that wait to be stored. */
const MAX_BATCH = 10_000;

// biome-ignore lint/suspicious/noExplicitAny: a publisher knows what its events are, the collector passes them on
type AnyEventTable = EventTable<any, any>;

interface Batch {
  readonly table: AnyEventTable;
  readonly layout: readonly string[];
  events: NewEvent[];
  stored: number;
  dropped: number;
}

/** Makes rows of what publishers hear, and keeps them, a batch at a time. */
export class Collector {
  readonly #store: EventStore;
  readonly #warn: (message: string) => void;
  readonly #batches: readonly Batch[];

  constructor(store: EventStore, tables: readonly AnyEventTable[], warn: (message: string) => void) {
    this.#store = store;
    this.#warn = warn;
    this.#batches = tables.map((table) => ({
      table,
      layout: layoutOf(table),
      events: [],
      stored: 0,
      dropped: 0,
    }));
  }

  /** Tables to how many events of them were kept, and how many found no room. */
  get counts(): ReadonlyMap<string, { readonly stored: number; readonly dropped: number }> {
    return new Map(this.#batches.map(({ table, stored, dropped }) => [table.name, { stored, dropped }]));
  }

  /** An event of a publisher, for all its tables. `time`: Unix seconds. */
  add(publisher: string, event: { readonly occurred: bigint }, time: number, moment: Moment): void {
    for (const batch of this.#batches) {
      if (batch.table.publisher !== publisher) continue;
      for (const row of batch.table.rows(event, moment)) {
        batch.events.push({ time, occurred: event.occurred, cells: encodeCells(batch.layout, row) });
      }
      if (batch.events.length >= MAX_BATCH) this.#keep(batch);
    }
  }

  /** Keeps what has come. */
  flush(): void {
    for (const batch of this.#batches) if (batch.events.length > 0) this.#keep(batch);
  }

  #keep(batch: Batch): void {
    const { events } = batch;
    batch.events = [];
    try {
      this.#store.append(batch.table.name, batch.layout, events);
      batch.stored += events.length;
    } catch (cause) {
      // Whoever starts the thread anew has it begin a new file.
      if (isDamage(cause)) throw cause;
      if (batch.dropped === 0) this.#warn(`${batch.table.name}: events are lost: ${(cause as Error).message}`);
      batch.dropped += events.length;
    }
  }
}
