import type { LogFiles } from './log-files.ts';

/** How the values of one path within one period become one. */
export type Aggregation = 'none' | 'sum' | 'min' | 'max';

interface Point {
  readonly path: string;
  value: number;
  readonly aggregation: Aggregation;
  /** Unix seconds. */
  time: number;
}

/** Points kept until the period is over. */
const MAX_POINTS = 100_000;

/** Takes measurements of the agent itself; see `NumericMonitoring`. */
export type Recorder = (path: string, value: number, aggregation: Aggregation) => void;

/** Measurements of the agent: those of one path are combined for a while, and then written by the plugins. */
export class NumericMonitoring {
  readonly #write: (lines: readonly string[]) => void;
  readonly #now: () => number;
  #points = new Map<string, Point>();
  #single: Point[] = [];

  /** `now`: Unix seconds. */
  constructor(write: (lines: readonly string[]) => void, now: () => number) {
    this.#write = write;
    this.#now = now;
  }

  readonly record: Recorder = (path, value, aggregation) => {
    const time = Math.floor(this.#now());
    const known = this.#points.get(`${path} ${aggregation}`);
    if (aggregation === 'none' || (known === undefined && this.#points.size >= MAX_POINTS)) {
      if (this.#single.length < MAX_POINTS) this.#single.push({ path, value, aggregation, time });
    } else if (known === undefined) this.#points.set(`${path} ${aggregation}`, { path, value, aggregation, time });
    else {
      known.time = time;
      if (aggregation === 'sum') known.value += value;
      else known.value = Math[aggregation](known.value, value);
    }
  };

  /** Writes what came together: path, value, Unix time and whether it was written at once, as in osquery. */
  flush(): void {
    const points = [...this.#points.values(), ...this.#single];
    this.#points = new Map();
    this.#single = [];
    if (points.length > 0) this.#write(points.map(({ path, value, time }) => `${path}\t${value}\t${time}\tfalse`));
  }
}

/** The plugin `filesystem`: a line a measurement at the end of a file. */
export function monitoringFile(
  files: Pick<LogFiles, 'append'>,
  path: string,
  mode: number,
  warn: (message: string) => void,
): (lines: readonly string[]) => void {
  let failed = false;
  return (lines) => {
    try {
      files.append(path, `${lines.join('\n')}\n`, mode);
      failed = false;
    } catch (cause) {
      if (!failed) warn(`measurements cannot be written: ${(cause as Error).message}`);
      failed = true;
    }
  };
}
