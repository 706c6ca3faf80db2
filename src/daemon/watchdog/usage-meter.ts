import { LOOK_SECONDS, type WatchdogLimits } from './limits.ts';

/** What a process has used so far. */
export interface Usage {
  /** CPU in milliseconds since it started. */
  readonly cpuMs: number;
  /** Bytes of private memory. */
  readonly memory: number;
}

/** A limit that is exceeded, and in whose favour it may be decided. */
export interface Breach {
  readonly kind: 'cpu' | 'memory';
  /** In osquery's words: those who watch logs look for them. */
  readonly message: string;
  /** How much of it there was: milliseconds since the limit was first exceeded, or bytes beyond the first footprint. */
  readonly amount: number;
  /** How much of it there may have been. */
  readonly limit: number;
}

/** Compares what a worker uses, look by look, with what it may. */
export class UsageMeter {
  readonly #limits: WatchdogLimits;
  #first: number | undefined;
  #grown = 0;
  #last = 0;
  /** Looks in a row with too much CPU, and the CPU of these. */
  #exceeded = 0;
  #exceededMs = 0;

  constructor(limits: WatchdogLimits) {
    this.#limits = limits;
  }

  /** The next look; what it found wrong. */
  look({ cpuMs, memory }: Usage): Breach | undefined {
    const spent = cpuMs - this.#last;
    this.#last = cpuMs;
    this.#exceeded = spent > this.#limits.cpuMs ? this.#exceeded + 1 : 0;
    this.#exceededMs = this.#exceeded > 0 ? this.#exceededMs + spent : 0;
    this.#first ??= memory;
    this.#grown = Math.max(0, memory - this.#first);
    return this.#cpu() ?? this.#memory();
  }

  /** Bytes beyond the first look. */
  get grown(): number {
    return this.#grown;
  }

  /** Whether the last look found too much CPU. */
  get exceeding(): boolean {
    return this.#exceeded > 0;
  }

  /** Gives the CPU another chance, for what used it was stopped. */
  forgive(): void {
    this.#exceeded = 0;
    this.#exceededMs = 0;
  }

  #cpu(): Breach | undefined {
    const seconds = this.#exceeded * LOOK_SECONDS;
    if (this.#exceeded === 0 || seconds < this.#limits.latency) return undefined;
    const limit = `Maximum sustainable CPU utilization limit ${this.#limits.cpuMs}ms exceeded for ${seconds} seconds`;
    return { kind: 'cpu', message: limit, amount: this.#exceededMs, limit: this.#exceeded * this.#limits.cpuMs };
  }

  #memory(): Breach | undefined {
    const grown = this.#grown;
    if (grown <= this.#limits.memory) return undefined;
    const megabytes = this.#limits.memory / 1024 / 1024;
    return {
      kind: 'memory',
      message: `Memory limits exceeded: ${grown} bytes (limit is ${megabytes}MB)`,
      amount: grown,
      limit: this.#limits.memory,
    };
  }
}
