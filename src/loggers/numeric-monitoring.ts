import type { LogFiles } from './log-files.ts';

/** How the values of one path within one period become one. */
export type Aggregation = 'none' | 'sum' | 'min' | 'max';

interface Point {
  readonly path: string;
  value: number;
  /** Unix seconds. */
  time: number;
}

/** Points kept until the period is over; those beyond are left out. */
const MAX_POINTS = 100_000;

/** Takes measurements of the agent itself. `atOnce`: written by itself, without waiting for others. */
export type Recorder = (path: string, value: number, aggregation: Aggregation, atOnce?: boolean) => void;

export type MonitoringWriter = (lines: readonly string[]) => void;

/** Measurements of the agent: those of one path are combined for a while, and then written by the plugins. */
export class NumericMonitoring {
  readonly #write: MonitoringWriter;
  readonly #now: () => number;
  readonly #combines: boolean;
  #points: Point[] = [];
  /** By path and aggregation. */
  readonly #known = new Map<string, Point>();

  /** `now`: Unix seconds. `combines`: false where `--numeric_monitoring_pre_aggregation_time` is 0. */
  constructor(write: MonitoringWriter, now: () => number, combines = true) {
    this.#write = write;
    this.#now = now;
    this.#combines = combines;
  }

  readonly record: Recorder = (path, value, aggregation, atOnce = false) => {
    const time = this.#now();
    if (atOnce || !this.#combines) {
      this.#write([lineOf({ path, value, time }, atOnce)]);
      return;
    }
    const key = `${path} ${aggregation}`;
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.time = Math.max(known.time, time);
      if (aggregation === 'sum') known.value += value;
      else if (aggregation !== 'none') known.value = Math[aggregation](known.value, value);
    } else if (this.#points.length < MAX_POINTS) {
      const point = { path, value, time };
      this.#points.push(point);
      if (aggregation !== 'none') this.#known.set(key, point);
    }
  };

  /** Writes what came together, in the order in which it began. */
  flush(): void {
    const points = this.#points;
    this.#points = [];
    this.#known.clear();
    if (points.length > 0) this.#write(points.map((point) => lineOf(point, false)));
  }
}

/** As in osquery: path, whole number, microseconds since the epoch, whether it was written at once. */
function lineOf({ path, value, time }: Point, atOnce: boolean): string {
  // Names of queries are in a path, and anything may be in those.
  const name = path.replace(/[\0-\x1f\x7f]+/g, ' ');
  return `${name}\t${Math.trunc(value)}\t${Math.round(time * 1e6)}\t${atOnce}`;
}

/** The plugin `filesystem`: a line a measurement at the end of a file. */
export function monitoringFile(
  files: Pick<LogFiles, 'append'>,
  path: string,
  mode: number,
  warn: (message: string) => void,
): MonitoringWriter {
  let failed = false;
  return (lines) => {
    try {
      files.append(path, [`${lines.join('\n')}\n`], mode);
      failed = false;
    } catch (cause) {
      if (!failed) warn(`measurements cannot be written: ${(cause as Error).message}`);
      failed = true;
    }
  };
}
