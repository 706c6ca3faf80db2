import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { EventCountsOf, FromEvents, ToEvents } from '../../events/messages.ts';
import { newTurn } from '../../events/reading.ts';
import type { Severity } from '../../loggers/logger.ts';
import type { EventsThreadData } from '../events-thread.ts';
import { LossLog } from './event-states.ts';

/** How long the thread may take to leave the kernel as it was, and then to be stopped wherever it is. */
const END_MS = 3000;
const TERMINATE_MS = 500;

export interface ThreadCalls {
  readonly say: (severity: Severity, message: string) => void;
  readonly leave: (publisher: string, value: number | undefined) => void;
  /** It ended, and nobody told it to. */
  readonly fails: (reason: string) => void;
}

/** The thread that hears events, as long as it runs. */
export class EventsThread {
  /** Settled once it hears, or has failed. */
  readonly started: Promise<void>;
  identity: string | undefined;
  counts: EventCountsOf = { publishers: new Map(), tables: new Map() };
  readonly turn = newTurn();
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #port: MessagePort;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;

  constructor(data: Omit<EventsThreadData, 'stop' | 'port' | 'turn'>, calls: ThreadCalls) {
    const losses = new LossLog(calls.say, () => performance.now());
    const { port1, port2 } = new MessageChannel();
    port1.unref();
    this.#port = port1;
    this.#worker = new Worker(new URL('../events-thread.ts', import.meta.url), {
      workerData: { ...data, stop: this.#stop, port: port2, turn: this.turn } satisfies EventsThreadData,
      transferList: data.files === undefined ? [port2] : [port2, data.files.channel.port],
      trackUnmanagedFds: false,
    });
    const started = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    this.started = started.promise;
    this.#ended = ended.promise;
    let reason = 'the thread ended';
    this.#worker.on('error', (cause) => {
      reason = cause.message;
    });
    this.#worker.on('exit', () => {
      this.identity = undefined;
      started.resolve();
      ended.resolve();
      if (Atomics.load(this.#stop, 0) === 0) calls.fails(reason);
    });
    this.#worker.on('message', (message: FromEvents) => {
      if (message.kind === 'started') {
        this.identity = message.identity;
        started.resolve();
      } else if (message.kind === 'left') calls.leave(message.publisher, message.value);
      else if (message.kind === 'say') calls.say(message.severity, message.message);
      else if (message.kind === 'counts') {
        losses.add(message.counts);
        this.counts = message.counts;
      }
    });
  }

  tell(message: ToEvents, transfer: readonly MessagePort[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  /** Whether it has ended. One that does not is not waited for. */
  async close(): Promise<boolean> {
    Atomics.store(this.#stop, 0, 1);
    Atomics.notify(this.#stop, 0);
    if (await within(this.#ended, END_MS)) return true;
    void this.#worker.terminate();
    this.#worker.unref();
    return await within(this.#ended, TERMINATE_MS);
  }
}

async function within(ended: Promise<void>, milliseconds: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), milliseconds);
  const is = await Promise.race([ended.then(() => true), late]);
  clearTimeout(timer);
  return is;
}
