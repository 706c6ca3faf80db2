/** A pause that somebody else may cut short. */
export class Alarm {
  #wake: (() => void) | undefined;
  #rung = false;

  /** Ends the pause, or the next one if there is none now. */
  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async pause(milliseconds: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = undefined;
    this.#rung = false;
  }
}
