import { MalformedInput } from '../base/errors.ts';
import { mostPacked, packValues } from '../base/packed-values.ts';

/**
 * Events of one table that are kept in one row: to SQLite it costs little more than one of them. Each has 12 bytes before what
 * is kept of it, little endian: how long that is, and when it happened.
 */
export interface Pack {
  /** When they were heard, Unix seconds; the same for all. */
  readonly time: number;
  readonly events: number;
  readonly bytes: Uint8Array;
}

/** Bytes before an event. */
const HEADER = 12;
const OCCURRED = 4;
/**
 * Events of a pack: with more of them each costs no less, with fewer pages of the store are half empty. Whoever wants one has
 * them all read.
 */
export const MOST_EVENTS = 256;
/** Bytes of a pack, but for the last event of it. */
const MOST_BYTES = 64 * 1024;
const ROOM = 2 * MOST_BYTES;

/** Puts events together as they come. */
export class Packer {
  #packs: Pack[] = [];
  #bytes = Buffer.from(new ArrayBuffer(ROOM));
  #view = new DataView(this.#bytes.buffer);
  /** Of the pack that is being made. */
  #length = 0;
  #events = 0;
  #packTime = 0;
  /** Of the events that are to come. */
  #time = 0;
  #occurred = 0n;
  /** Of all that waits to be taken. */
  #waiting = { events: 0, bytes: 0 };

  /** Events that wait to be taken. */
  get events(): number {
    return this.#waiting.events;
  }

  /** Bytes of them. */
  get bytesOfEvents(): number {
    return this.#waiting.bytes;
  }

  /** When those that come now were heard, Unix seconds, and when they happened, nanoseconds since the epoch. */
  at(time: number, occurred: bigint): void {
    this.#time = time;
    this.#occurred = occurred;
  }

  text(text: string): void {
    // At most three bytes for each unit of a text.
    const start = this.#begin(text.length * 3);
    this.#end(start, this.#bytes.utf8Write(text, start));
  }

  bytes(bytes: Buffer, length: number): void {
    const start = this.#begin(length);
    bytes.copy(this.#bytes, start, 0, length);
    this.#end(start, length);
  }

  values(numbers: Float64Array, texts: readonly string[]): void {
    const start = this.#begin(mostPacked(numbers, texts));
    this.#end(start, packValues(this.#bytes, start, numbers, texts) - start);
  }

  /** What has come since this was last called. */
  take(): readonly Pack[] {
    if (this.#events > 0) this.#close();
    const packs = this.#packs;
    this.#packs = [];
    this.#waiting = { events: 0, bytes: 0 };
    return packs;
  }

  /** Where the next event may have so many bytes. */
  #begin(most: number): number {
    const isFull = this.#events === MOST_EVENTS || this.#length > MOST_BYTES;
    if (this.#events > 0 && (isFull || this.#time !== this.#packTime)) this.#close();
    const start = this.#length + HEADER;
    if (start + most > this.#bytes.length) {
      const smaller = this.#bytes;
      this.#allocate(2 * (start + most));
      smaller.copy(this.#bytes, 0, 0, this.#length);
    }
    return start;
  }

  #end(start: number, length: number): void {
    this.#view.setUint32(this.#length, length, true);
    this.#view.setBigInt64(this.#length + OCCURRED, this.#occurred, true);
    this.#length = start + length;
    this.#packTime = this.#time;
    this.#events += 1;
    this.#waiting.events += 1;
    this.#waiting.bytes += HEADER + length;
  }

  #close(): void {
    const bytes = Uint8Array.prototype.slice.call(this.#bytes, 0, this.#length);
    this.#packs.push({ time: this.#packTime, events: this.#events, bytes });
    this.#length = 0;
    this.#events = 0;
    // One that was long is rare.
    if (this.#bytes.length > ROOM) this.#allocate(ROOM);
  }

  #allocate(size: number): void {
    this.#bytes = Buffer.from(new ArrayBuffer(size));
    this.#view = new DataView(this.#bytes.buffer);
  }
}

/** A pack that was kept. */
export interface KeptPack {
  /** The id of its last event. */
  readonly last: number;
  readonly time: number;
  /** How its events were made bytes of. */
  readonly form: string;
  readonly bytes: Buffer;
}

/** An event that was kept, of which few queries want to know all. */
export class KeptEvent {
  readonly eid: number;
  readonly #pack: KeptPack;
  readonly #at: number;

  constructor(eid: number, pack: KeptPack, at: number) {
    this.eid = eid;
    this.#pack = pack;
    this.#at = at;
  }

  /** When it was heard, Unix seconds. */
  get time(): number {
    return this.#pack.time;
  }

  get form(): string {
    return this.#pack.form;
  }

  /** Nanoseconds since the epoch. */
  get occurred(): bigint {
    return this.#pack.bytes.readBigInt64LE(this.#at + OCCURRED);
  }

  get size(): number {
    return this.#pack.bytes.readUInt32LE(this.#at);
  }

  /** What is kept of it. */
  get bytes(): Buffer {
    const start = this.#at + HEADER;
    return this.#pack.bytes.subarray(start, start + this.size);
  }
}

/** The events of a pack, in their order. Throws `MalformedInput` for what is no pack. */
export function eventsOf(pack: KeptPack): KeptEvent[] {
  const places = placesOf(pack.bytes);
  const first = pack.last - places.length + 1;
  return places.map((at, i) => new KeptEvent(first + i, pack, at));
}

/** The first events of a pack: at most so many, and no more once they have so many bytes. */
export function firstOf(bytes: Buffer, most: number, mostBytes: number): { events: number; bytes: number } {
  const ends = [...placesOf(bytes).slice(1), bytes.length];
  const enough = ends.findIndex((end) => end >= mostBytes);
  const events = Math.min(most, enough < 0 ? ends.length : enough + 1);
  return { events, bytes: ends[events - 1] ?? 0 };
}

/** Where events begin. */
function placesOf(bytes: Buffer): number[] {
  const places: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = at + HEADER > bytes.length ? Number.NaN : bytes.readUInt32LE(at);
    if (!(at + HEADER + length <= bytes.length)) throw new MalformedInput('events', at, 'an event is cut');
    places.push(at);
    at += HEADER + length;
  }
  return places;
}
