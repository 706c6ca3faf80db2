import { realOf } from './coerce.ts';
import type { SqlFunction, SqlValue } from './function.ts';

/** The C library's words for EDOM and ERANGE (`errno(3)`): what `math_error(7)` reports. */
const OUT_OF_DOMAIN = 'Numerical argument out of domain';
const OUT_OF_RANGE = 'Numerical result out of range';

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** A function of REALs: NULL in, NULL out; a text counts as the number that it begins with. */
function real(
  name: string,
  example: string,
  description: string,
  compute: (...args: number[]) => number,
  { arity = 1, overflow = 'infinite' }: { arity?: number; overflow?: 'infinite' | 'error' } = {},
): SqlFunction {
  return {
    name,
    arity,
    accepts: 'value',
    returns: 'real',
    description,
    example,
    call(...args) {
      if (args.includes(null)) return null;
      const numbers = args.map(realOf);
      const result = compute(...numbers);
      if (Number.isNaN(result)) throw new Error(OUT_OF_DOMAIN);
      if (overflow === 'error' && !Number.isFinite(result) && numbers.every(Number.isFinite)) {
        throw new Error(OUT_OF_RANGE);
      }
      return result;
    },
  };
}

/** To an INTEGER, where SQLite's own functions of these names answer a REAL. */
function rounding(name: string, example: string, description: string, round: (x: number) => number): SqlFunction {
  return {
    name,
    arity: 1,
    accepts: 'value',
    description,
    example,
    call: (value: SqlValue) => (value === null || typeof value === 'bigint' ? value : integer(round(realOf(value)))),
  };
}

/** The nearest value that an INTEGER can have, as in a cast. */
function integer(value: number): number | bigint {
  // Adding zero turns -0, which only a REAL can be, into 0.
  if (Number.isSafeInteger(value)) return value + 0;
  if (value >= Number(INT64_MAX)) return INT64_MAX;
  return value <= Number(INT64_MIN) ? INT64_MIN : BigInt(value);
}

/** Those that SQLite lacks, and those in which its answer differs from osquery's. `atan2`, `sinh` … are SQLite's own. */
export const mathFunctions: readonly SqlFunction[] = [
  real('sqrt', 'sqrt(2)', 'Square root', Math.sqrt),
  real('square', 'square(1.5)', 'The number times itself', (x) => x * x),
  real('exp', 'exp(1)', 'e to the power of the number', Math.exp),
  real('log', 'log(10)', 'Natural logarithm', Math.log, { overflow: 'error' }),
  real('log10', 'log10(1000)', 'Logarithm to base 10', Math.log10, { overflow: 'error' }),
  real('power', 'power(2, 10)', 'The first number to the power of the second', (x, y) => x! ** y!, {
    arity: 2,
    overflow: 'error',
  }),
  real('pi', 'pi()', 'The ratio of a circle’s circumference to its diameter', () => Math.PI, { arity: 0 }),
  real('sin', 'sin(1)', 'Sine of an angle in radians', Math.sin),
  real('cos', 'cos(1)', 'Cosine of an angle in radians', Math.cos),
  real('tan', 'tan(1)', 'Tangent of an angle in radians', Math.tan),
  real('cot', 'cot(1)', 'Cotangent of an angle in radians', (x) => 1 / Math.tan(x!)),
  real('coth', 'coth(1)', 'Hyperbolic cotangent', (x) => 1 / Math.tanh(x!)),
  real('asin', 'asin(0.5)', 'Angle in radians that has this sine', Math.asin),
  real('acos', 'acos(0.5)', 'Angle in radians that has this cosine', Math.acos),
  real('atan', 'atan(1)', 'Angle in radians that has this tangent', Math.atan),
  real('atn2', 'atn2(1, -1)', 'Angle in radians of the point (second, first), as `atan2`', Math.atan2, { arity: 2 }),
  real('radians', 'radians(180)', 'Degrees to radians', (x) => (x! * Math.PI) / 180),
  real('degrees', 'degrees(pi())', 'Radians to degrees', (x) => (180 * x!) / Math.PI),
  rounding('ceil', 'ceil(1.2)', 'The smallest INTEGER not below the number', Math.ceil),
  rounding('ceiling', 'ceiling(-1.2)', 'The same as `ceil`', Math.ceil),
  rounding('floor', 'floor(-1.2)', 'The largest INTEGER not above the number', Math.floor),
];
