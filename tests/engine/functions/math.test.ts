import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SqlValue } from '../../../src/engine/functions/function.ts';
import { engineWithFunctions, valueIn } from './support.ts';

const { engine } = engineWithFunctions();
const value = (expression: string) => valueIn(engine, expression);

describe('values', () => {
  const cases: readonly [string, SqlValue][] = [
    ['log(10)', Math.LN10],
    ['log10(1000)', 3],
    // With two arguments it is SQLite's own: the logarithm of the second to the base of the first.
    ['log(2, 8)', 3],
    ["power(' 2x', '1e1')", 1024],
    ['power(2, 0.5)', Math.SQRT2],
    ["sqrt('.25')", 0.5],
    ["sqrt(x'39')", 3],
    ["sqrt('none')", 0],
    ['sqrt(9223372036854775807)', 2 ** 31.5],
    ['degrees(pi())', 180],
    ['exp(1000)', Number.POSITIVE_INFINITY],
    ['power(10, -400)', 0],
    ['ceil(-0.5)', 0],
    ['ceiling(1.5)', 2],
    ["floor('-1.5abc')", -2],
    ['floor(9223372036854775807)', 9223372036854775807n],
    ['ceil(1e300)', 9223372036854775807n],
    ['floor(-1e300)', -9223372036854775808n],
    ['floor(9007199254740994.0)', 9007199254740994n],
    ['sqrt(NULL)', null],
    ['power(2, NULL)', null],
    ['ceil(NULL)', null],
  ];
  for (const [expression, expected] of cases) test(expression, () => assert.equal(value(expression), expected));
});

test('types', () => {
  for (const call of ['power(2, 3)', 'sqrt(4)', 'square(2)', 'log10(10)', 'radians(0)']) {
    assert.equal(value(`typeof(${call})`), 'real', call);
  }
  for (const call of ['ceil(1.0)', 'floor(-0.0)', 'ceiling(-0.2)', "floor('x')"]) {
    assert.equal(value(`typeof(${call})`), 'integer', call);
  }
});

describe('errors', () => {
  for (const call of ['sqrt(-1)', 'log(-1)', 'log10(-0.1)', 'asin(2)', 'acos(-1.1)', 'power(-1, 0.5)', 'sin(1e999)']) {
    test(call, () => assert.throws(() => value(call), /^SqlError: Numerical argument out of domain$/));
  }
  for (const call of ['log(0)', 'log10(0)', 'power(0, -1)', 'power(10, 400)']) {
    test(call, () => assert.throws(() => value(call), /^SqlError: Numerical result out of range$/));
  }
  test('number of arguments', () => assert.throws(() => value('sqrt(1, 2)'), /wrong number of arguments/));
});
