import type { MessagePort } from 'node:worker_threads';
import type { Pack } from '../../store/event-pack.ts';
import type { Collector, PackStore } from '../collector.ts';
import type { Publisher, PublisherCounts } from '../publisher.ts';

/** What the thread that hears of files tells the one that keeps events. */
export type FromFiles =
  | { readonly kind: 'packs'; readonly table: string; readonly packs: readonly Pack[] }
  | { readonly kind: 'counts'; readonly counts: PublisherCounts };

/** A way from one thread to the other. */
export interface FilesChannel<Port> {
  readonly port: Port;
  /** How many packs the other one has taken; shared. */
  readonly taken: Int32Array;
}

/** A thread that hears of files from now on instead of the one before; undefined where none does for a while. */
export interface NextFiles {
  readonly channel: FilesChannel<MessagePort> | undefined;
  /** Events that the one before had heard of, and could not tell in full: it hung. */
  readonly hung: number;
}

/**
 * Messages with packs of events that wait for the other thread, a turn of the loop each: some megabytes at most. With more the
 * thread waits, and the kernel, which has room for 16,384 events, counts what it loses.
 */
const MOST_UNTAKEN = 4;
const WAIT_MS = 250;

/** Where the thread that hears of files puts events. */
export class FilesOutlet implements PackStore {
  readonly #channel: FilesChannel<{ postMessage(message: FromFiles): void }>;
  readonly #wake: () => void;
  readonly #stopped: () => boolean;
  #sent = 0;

  /** `wake`: makes the other thread look; `stopped`: whether to wait no more for room. */
  constructor(
    channel: FilesChannel<{ postMessage(message: FromFiles): void }>,
    wake: () => void,
    stopped: () => boolean,
  ) {
    this.#channel = channel;
    this.#wake = wake;
    this.#stopped = stopped;
  }

  append(table: string, _form: string, packs: readonly Pack[]): void {
    const { taken, port } = this.#channel;
    for (let its = Atomics.load(taken, 0); this.#sent - its >= MOST_UNTAKEN; its = Atomics.load(taken, 0)) {
      if (this.#stopped()) break;
      Atomics.wait(taken, 0, its, WAIT_MS);
    }
    this.#sent += 1;
    port.postMessage({ kind: 'packs', table, packs });
    this.#wake();
  }

  tell(counts: PublisherCounts): void {
    this.#channel.port.postMessage({ kind: 'counts', counts });
    this.#wake();
  }
}

export interface IntakeParts {
  /** Of the descriptor that says that something has come. */
  readonly fd: number;
  clear(): void;
  /** A message that has come on a port. */
  receive(port: MessagePort): FromFiles | undefined;
  readonly collector: Collector;
  /** Looks for what the main thread says: another thread may hear of files from now on. */
  hear(): void;
}

/** Messages of one `read`: the others have their turn. */
const MESSAGES_A_READ = 4;

/** Events of files, which another thread hears: it touches them, and may hang. */
export class FilesIntake implements Publisher {
  readonly name = 'inotify';
  readonly #parts: IntakeParts;
  #channel: FilesChannel<MessagePort> | undefined;
  #isActive = false;
  #hung = 0;
  /** Of threads that are gone, and of the one that hears now. */
  #before: PublisherCounts = NOTHING;
  #counts: PublisherCounts = NOTHING;

  constructor(channel: FilesChannel<MessagePort>, parts: IntakeParts) {
    this.#channel = channel;
    this.#parts = parts;
  }

  get fds(): readonly number[] {
    return [this.#parts.fd];
  }

  /** What has come has been gathered. */
  get patience(): number {
    return 0;
  }

  /** Whether anybody hears of files: where the kernel does not let us, nobody does. */
  get isActive(): boolean {
    return this.#isActive;
  }

  get counts(): PublisherCounts {
    const { received, events, dropped } = sum(this.#before, this.#counts);
    return { received, events, dropped: { ...dropped, hung: this.#hung } };
  }

  read(): boolean {
    this.#parts.clear();
    this.#parts.hear();
    for (let i = 0; i < MESSAGES_A_READ; i++) if (!this.#take()) return false;
    return true;
  }

  tick(): void {}

  /** What was told before it ended, until there is no more. */
  stop(): void {
    while (this.#take());
  }

  next({ channel, hung }: NextFiles): void {
    this.stop();
    this.#before = sum(this.#before, this.#counts);
    this.#counts = NOTHING;
    this.#hung += hung;
    this.#channel?.port.close();
    this.#channel = channel;
    this.#isActive = false;
  }

  #take(): boolean {
    const channel = this.#channel;
    const message = channel && this.#parts.receive(channel.port);
    if (message === undefined) return false;
    if (message.kind === 'counts') {
      this.#isActive = true;
      this.#counts = message.counts;
      return true;
    }
    this.#parts.collector.keep(message.table, message.packs);
    Atomics.add(channel!.taken, 0, 1);
    Atomics.notify(channel!.taken, 0);
    return true;
  }
}

const NOTHING: PublisherCounts = { received: 0, events: 0, dropped: {} };

function sum(one: PublisherCounts, other: PublisherCounts): PublisherCounts {
  const dropped = { ...one.dropped };
  for (const [cause, count] of Object.entries(other.dropped)) dropped[cause] = (dropped[cause] ?? 0) + count;
  return { received: one.received + other.received, events: one.events + other.events, dropped };
}
