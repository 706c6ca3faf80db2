import type { Timers } from '../loggers/timers.ts';

interface Timer {
  readonly at: number;
  readonly milliseconds: number;
  readonly callback: () => void;
}

/** A clock that a test turns. */
export class FakeTimers implements Timers {
  #time = 0;
  readonly #pending = new Set<Timer>();

  readonly now = () => this.#time;

  set(callback: () => void, milliseconds: number): Timer {
    const timer = { at: this.#time + milliseconds, milliseconds, callback };
    this.#pending.add(timer);
    return timer;
  }

  clear(timer: unknown): void {
    this.#pending.delete(timer as Timer);
  }

  /** How long those were set for that wait. */
  get waits(): number[] {
    return Array.from(this.#pending, ({ milliseconds }) => milliseconds);
  }

  /** Turns the clock to the next one that was set for so long (to the next of all, if not said), which rings. */
  ring(milliseconds?: number): void {
    const due = [...this.#pending]
      .filter((timer) => milliseconds === undefined || timer.milliseconds === milliseconds)
      .sort((a, b) => a.at - b.at)[0];
    if (due === undefined) throw new Error(`no timer of ${milliseconds ?? 'any'} milliseconds waits`);
    this.#pending.delete(due);
    this.#time = Math.max(this.#time, due.at);
    due.callback();
  }
}

/** Lets what is under way go on until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; !holds(); i++) {
    if (i === 100_000) throw new Error('it does not come to hold');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
