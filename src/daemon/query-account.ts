import { NO_USE, type ThreadUse } from './thread-use.ts';

/** Above so many characters the rows of a query cost the main thread time that is worth telling of. */
const MANY_CHARACTERS = 256 * 1024;

/** Who hears of what a query costs. */
export interface CostsListener {
  begins?(query: string): void;
  /** So far. */
  uses?(query: string, use: ThreadUse): void;
  /** From here on the main thread is at work on its rows. */
  logs?(query: string, use: ThreadUse): void;
  ends?(query: string, use: ThreadUse): void;
}

/** What a query costs with all that belongs to it: discovery, decorators, the thread that runs it, and what is done with its rows. */
export class QueryAccount {
  readonly name: string;
  /** Hears that a thread is there for a statement. */
  onBegin: (() => void) | undefined;
  readonly #listener: CostsListener;
  /** Of statements that have ended, and of this thread. */
  #doneMs = 0;
  #now: ThreadUse = NO_USE;
  #mainMemory = 0;

  constructor(name: string, listener: CostsListener) {
    this.name = name;
    this.#listener = listener;
  }

  get use(): ThreadUse {
    return { cpuMs: Math.round(this.#doneMs + this.#now.cpuMs), memory: this.#now.memory + this.#mainMemory };
  }

  begins(): void {
    this.onBegin?.();
  }

  /** The statement that runs uses so much. */
  uses(use: ThreadUse): void {
    this.#now = use;
    this.#listener.uses?.(this.name, this.use);
  }

  /** The statement has ended; what it used is known, or what was heard of it last is. */
  ended(cpuMs: number | undefined, memory = 0): void {
    this.#doneMs += cpuMs ?? this.#now.cpuMs;
    this.#now = { cpuMs: 0, memory: Math.max(this.#now.memory, memory) };
  }

  /** Does what is to be done with the rows, which has so many characters, in this thread. */
  log(characters: number, work: () => void): void {
    const many = characters > MANY_CHARACTERS;
    if (many) this.#listener.logs?.(this.name, this.use);
    const cpu = process.threadCpuUsage();
    const size = many ? process.memoryUsage.rss() : 0;
    try {
      work();
    } finally {
      const { user, system } = process.threadCpuUsage(cpu);
      this.#doneMs += (user + system) / 1000;
      if (many) this.#mainMemory = Math.max(0, process.memoryUsage.rss() - size);
    }
  }
}
