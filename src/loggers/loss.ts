/** Counts lines that found no room, and says so once, and once more when it goes again. */
export class Loss {
  readonly #warn: (message: string) => void;
  #lost = 0;

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** Since the last line that arrived. */
  get count(): number {
    return this.#lost;
  }

  add(lines: number, reason: string): void {
    if (lines === 0) return;
    if (this.#lost === 0) this.#warn(`cannot log: ${reason}; lines are lost until it goes again`);
    this.#lost += lines;
  }

  /** A line has arrived. */
  recovered(): void {
    if (this.#lost === 0) return;
    this.#warn(`logging again; ${this.#lost} lines were lost`);
    this.#lost = 0;
  }
}
