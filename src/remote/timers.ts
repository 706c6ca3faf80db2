/** A clock, and what it wakes: the part of `loggers/timers.ts` that is used here. */
export interface Timers {
  /** Milliseconds that only go forward. */
  now(): number;
  set(callback: () => void, milliseconds: number): unknown;
  clear(timer: unknown): void;
}
