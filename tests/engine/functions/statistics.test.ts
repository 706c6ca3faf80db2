import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { statisticsAggregates } from '../../../src/engine/functions/statistics.ts';
import { random } from '../support.ts';
import { engineWithFunctions, valueIn } from './support.ts';

const { engine } = engineWithFunctions();
const of = (name: string, list: string) => valueIn(engine, `${name}(value) from json_each('${list}')`);

test('stdev and variance are those of a sample', () => {
  assert.equal(of('variance', '[2, 4, 4, 4, 5, 5, 7, 9]'), 32 / 7);
  assert.equal(of('stdev', '[2, 4, 4, 4, 5, 5, 7, 9]'), Math.sqrt(32 / 7));
  assert.equal(of('stdev', '[3]'), 0);
  assert.equal(of('stdev', '["1", null, "3 apples"]'), Math.SQRT2);
  assert.equal(of('variance', '[]'), null);
  assert.equal(of('variance', '[null]'), null);
});

test('variance of large numbers that are close together is exact', () => {
  assert.equal(of('variance', '[1000000000000001, 1000000000000002, 1000000000000003]'), 1);
});

test('quartiles and median', () => {
  assert.equal(of('lower_quartile', '[8, 1, 7, 2, 6, 3, 5, 4]'), 2.5);
  assert.equal(of('upper_quartile', '[8, 1, 7, 2, 6, 3, 5, 4]'), 6.5);
  assert.equal(of('lower_quartile', '[10, 9, 8, 7, 6]'), 7);
  assert.equal(of('upper_quartile', '[10, 9, 8, 7, 6]'), 9);
  assert.equal(of('upper_quartile', '[4]'), 4);
  assert.equal(of('lower_quartile', '[null]'), null);
  assert.equal(of('median', '[4, 1, 3, 2]'), 2.5);
});

test('quartiles of many values agree with sorting them', () => {
  const next = random(3);
  for (let count = 1; count < 200; count += 7) {
    const values = Array.from({ length: count }, () => Math.floor(next() * 50));
    const sorted = values.toSorted((a, b) => a - b);
    const place = count / 4;
    const expected = Number.isInteger(place) ? (sorted[place - 1]! + sorted[place]!) / 2 : sorted[Math.floor(place)];
    assert.equal(of('lower_quartile', JSON.stringify(values)), expected);
  }
});

describe('mode', () => {
  test('the most frequent, of any type', () => {
    assert.equal(of('mode', '[3, 1, 3, 2]'), 3);
    assert.equal(of('mode', '["a", "b", "b"]'), 'b');
    assert.equal(of('mode', '[1, "1", "1"]'), '1');
    assert.equal(of('mode', '[9223372036854775807, 9223372036854775807, 1]'), 9223372036854775807n);
    assert.equal(valueIn(engine, "quote(mode(column1)) from (values (x'00ff'), (x'00ff'), ('a'))"), "X'00FF'");
  });
  test('NULL where several are as frequent, or none is', () => {
    assert.equal(of('mode', '[1, 1, 2, 2]'), null);
    assert.equal(of('mode', '[1, 1, 2, 2, 2]'), 2);
    assert.equal(of('mode', '[null, null]'), null);
  });
});

test('each group has its own state', () => {
  const { rows } = engine.query(
    'select g, stdev(v), mode(v) from (select 1 g, 1 v union all select 1, 3 union all select 2, 5) group by g',
  );
  assert.deepEqual(rows, [
    [1, Math.SQRT2, null],
    [2, 0, 5],
  ]);
});

test('memory is bounded', () => {
  const mode = statisticsAggregates.find(({ name }) => name === 'mode')!;
  const state = mode.start();
  const long = 'x'.repeat(16 * 1024 * 1024);
  assert.throws(() => {
    for (let i = 0; i < 100; i++) mode.step(state, `${i}${long}`);
  }, /mode of values that fill more than \d+ bytes/);
});
