import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bigint, double, text } from '../../src/schema/columns.ts';
import { table } from '../../src/schema/table.ts';
import { LocalRunner } from '../../src/shell/local-runner.ts';
import { engineWith } from './support.ts';

const things = table({
  name: 'things',
  description: 'Nothing',
  platforms: ['linux'],
  columns: { n: bigint('n'), share: double('share'), name: text('name') },
  examples: [],
  *generate() {},
});

test('the types of expressions, as osquery calls them', async () => {
  const runner = new LocalRunner(engineWith([things]).engine);
  const types = async (sql: string) => (await runner.describe(sql)).map(({ type }) => type);
  assert.deepEqual(await types("select 1 as a, 'x' as b"), ['INTEGER', 'TEXT']);
  assert.deepEqual(await types("select 1, 'x', 1.5, 3000000000, null, n, share, name from things;"), [
    ...['INTEGER', 'TEXT', 'DOUBLE', 'BIGINT', 'UNKNOWN', 'BIGINT', 'DOUBLE', 'TEXT'],
  ]);
  assert.deepEqual(await types("select n + 1, n * 2.5, n & 1, n || 'x', n = 1, n and 1, not n from things"), [
    ...['BIGINT', 'BIGINT', 'BIGINT', 'TEXT', 'INTEGER', 'INTEGER', 'INTEGER'],
  ]);
  assert.deepEqual(
    await types('select cast(n as text), cast(name as real), cast(n as int), cast(n as blob) from things'),
    [...['TEXT', 'DOUBLE', 'BIGINT', 'BLOB']],
  );
  assert.deepEqual(await types('select count(*), name, sum(n) as s from things group by name'), [
    'BIGINT',
    'TEXT',
    'BIGINT',
  ]);
  assert.deepEqual(await types('with r(x) as (select 1) select x, upper(x) from r'), ['INTEGER', 'UNKNOWN']);
  assert.deepEqual(new Set(await types('explain select 1')), new Set(['UNKNOWN']));
  assert.deepEqual(await types('create temp table t (a)'), []);
  await runner.close();
});
