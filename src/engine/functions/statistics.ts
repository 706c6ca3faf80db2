import { realOf } from './coerce.ts';
import type { SqlAggregate, SqlValue } from './function.ts';

/** Numbers that a quartile keeps: 80 MB. */
const MAX_VALUES = 10_000_000;
/** Memory that `mode` may fill, in bytes, and its reckoning of an entry of its map. */
const MAX_BYTES = 256 * 1024 * 1024;
const BYTES_AN_ENTRY = 64;

/** Count, mean and sum of squared distances from the mean, kept by Welford's method: one pass, no cancellation. */
interface Moments {
  count: number;
  mean: number;
  squares: number;
}

function spread(name: string, description: string, of: (variance: number) => number): SqlAggregate<Moments> {
  return {
    name,
    arity: 1,
    accepts: 'value',
    returns: 'real',
    description,
    example: `(select ${name}(value) from json_each('[2, 4, 4, 4, 5, 5, 7, 9]'))`,
    start: () => ({ count: 0, mean: 0, squares: 0 }),
    step(moments, value: SqlValue) {
      if (value === null) return;
      const number = realOf(value);
      moments.count += 1;
      const delta = number - moments.mean;
      moments.mean += delta / moments.count;
      moments.squares += delta * (number - moments.mean);
    },
    result({ count, squares }) {
      if (count === 0) return null;
      return count === 1 ? 0 : of(squares / (count - 1));
    },
  };
}

interface Numbers {
  values: Float64Array<ArrayBuffer>;
  count: number;
}

/**
 * The value below which a share of the values lie: the one at that place in order, or the mean of two where the place is
 * between them.
 */
function quantile(name: string, share: number, description: string): SqlAggregate<Numbers> {
  return {
    name,
    arity: 1,
    accepts: 'value',
    returns: 'real',
    description,
    example: `(select ${name}(value) from json_each('[1, 2, 3, 4, 5, 6, 7, 8]'))`,
    start: () => ({ values: new Float64Array(64), count: 0 }),
    step(numbers, value: SqlValue) {
      if (value === null) return;
      if (numbers.count === numbers.values.length) {
        if (numbers.count >= MAX_VALUES) throw new Error(`${name} of more than ${MAX_VALUES} values`);
        const larger = new Float64Array(Math.min(MAX_VALUES, numbers.count * 2));
        larger.set(numbers.values);
        numbers.values = larger;
      }
      numbers.values[numbers.count++] = realOf(value);
    },
    result({ values, count }) {
      if (count === 0) return null;
      const sorted = values.subarray(0, count).sort();
      const place = count * share;
      const above = sorted[Math.floor(place)]!;
      return Number.isInteger(place) ? (sorted[place - 1]! + above) / 2 : above;
    },
  };
}

interface Tally {
  /** A blob counts by its bytes, so it is kept under a text that no text of SQL can be. */
  readonly counts: Map<string | number | bigint, { readonly value: SqlValue; count: number }>;
  bytes: number;
}

const mode: SqlAggregate<Tally> = {
  name: 'mode',
  arity: 1,
  accepts: 'value',
  description: 'The value that occurs most often; NULL where several do',
  example: "(select mode(value) from json_each('[1, 2, 2, 3]'))",
  start: () => ({ counts: new Map(), bytes: 0 }),
  step(tally, value: SqlValue) {
    if (value === null) return;
    const key = value instanceof Uint8Array ? `\ud800${Buffer.from(value).latin1Slice()}` : value;
    const known = tally.counts.get(key);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    tally.bytes += BYTES_AN_ENTRY + (typeof key === 'string' ? key.length * 2 : 0);
    if (tally.bytes > MAX_BYTES) throw new Error(`mode of values that fill more than ${MAX_BYTES} bytes`);
    tally.counts.set(key, { value, count: 1 });
  },
  result({ counts }) {
    let most = 0;
    let found: SqlValue = null;
    for (const { value, count } of counts.values()) {
      if (count > most) found = value;
      else if (count === most) found = null;
      most = Math.max(most, count);
    }
    return found;
  },
};

/** `median` is SQLite's own, which can also be a window function. */
export const statisticsAggregates: readonly SqlAggregate[] = [
  spread('stdev', 'Standard deviation of a sample (divided by n - 1)', Math.sqrt),
  spread('variance', 'Variance of a sample (divided by n - 1)', (variance) => variance),
  mode,
  quantile('lower_quartile', 0.25, 'The number below which a quarter of the numbers lie'),
  quantile('upper_quartile', 0.75, 'The number below which three quarters of the numbers lie'),
] as readonly SqlAggregate[];
