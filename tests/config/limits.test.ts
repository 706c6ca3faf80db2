import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queryNames, readPieces } from './read-pieces.ts';

const QUERY = { query: 'select 1' };
const many = <T>(count: number, value: T) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, value]));

test('a section, a list and a schedule have an end', () => {
  const { configuration, problems } = readPieces([
    {
      views: many(10_001, 'select 1'),
      decorators: { load: Array(10_001).fill('select 1') },
      file_paths: { etc: Array(10_001).fill('/etc') },
      schedule: many(10_001, QUERY),
    },
  ]);
  assert.equal(configuration.views.size, 0);
  assert.equal(configuration.packs.length, 0);
  assert.deepEqual(problems, [
    '0.conf: decorators.load: more than 10000 entries',
    '0.conf: views: more than 10000 entries',
    '0.conf: file_paths.etc: more than 10000 entries',
    '0.conf: schedule: more than 10000 entries',
  ]);
});

test('so have all queries, files of packs and lists of all pieces together', () => {
  const { configuration, problems } = readPieces([
    { schedule: many(9_000, QUERY), file_accesses: [] },
    { packs: { p: { queries: many(9_000, QUERY) } } },
  ]);
  assert.equal(queryNames(configuration).length, 10_000);
  assert.deepEqual(problems, ['more than 10000 queries: the last 8000 are left out']);

  const files = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`f${i}.conf`, '{"queries":{}}']));
  const packs = readPieces([{ packs: { '*': '%.conf' } }], files);
  assert.equal(packs.configuration.packs.length, 1000);
  assert.deepEqual(packs.problems, ['f1000.conf: more than 1000 files of packs']);

  const paths = (name: string) => ({ file_paths: { etc: Array.from({ length: 6000 }, (_, i) => `/${name}/${i}`) } });
  const lists = readPieces([paths('a'), paths('b')]);
  assert.equal(lists.configuration.files.paths.get('etc')!.length, 6000);
  assert.deepEqual(lists.problems, ['1.conf: file_paths.etc: more than 10000 entries']);
});

test('complaints have an end', () => {
  const { problems } = readPieces([{ schedule: many(1000, {}) }]);
  assert.equal(problems.length, 201);
  assert.equal(problems.at(-1), 'and 800 more problems');
});

test('a complaint is one short line without anything that a terminal obeys', () => {
  const { problems } = readPieces([{ '\u001b[2J\nnext': 1, '\u202egnp': 1, '\ud800': 1, ['x'.repeat(100_000)]: 1 }]);
  assert.deepEqual(problems.slice(0, 3), [
    '0.conf: \ufffd[2J\ufffdnext: unknown, and ignored',
    '0.conf: \ufffdgnp: unknown, and ignored',
    '0.conf: \ufffd: unknown, and ignored',
  ]);
  assert.equal(problems[3]!.length, 501);
});

test('names that objects have anyway are names like others', () => {
  const text =
    '{"schedule":{"__proto__":{"query":"select 1"},"constructor":{"query":"select 2"}},"__proto__":{"packs":{}}}';
  const { configuration, problems } = readPieces([{ packs: { p: 'p.conf' } }], {
    'p.conf': text.replace('schedule', 'queries'),
  });
  assert.deepEqual(queryNames(configuration), ['p/__proto__', 'p/constructor']);
  assert.deepEqual(problems, []);
});

test('no value is repeated: it may be a secret', () => {
  const secret = 'hunter2';
  const wrong = [secret, [secret], { [`k${0}`]: secret }];
  const keys = [
    'options',
    'schedule',
    'packs',
    'decorators',
    'views',
    'auto_table_construction',
    'file_paths',
    'file_paths_query',
    'exclude_paths',
    'file_accesses',
    'yara',
    'events',
    'prometheus_targets',
    'kafka_topics',
    'feature_vectors',
    'unknown',
  ].filter((key) => key !== 'file_accesses');
  for (const value of wrong) {
    const piece = Object.fromEntries(keys.map((key) => [key, value]));
    const nested = {
      ...Object.fromEntries(keys.map((key) => [key, { k: value }])),
      schedule: {
        q: { query: value, interval: value, platform: value, version: value, shard: value, snapshot: value },
      },
      prometheus_targets: { urls: [secret], timeout: value },
      yara: { signature_urls: [secret], signatures: value, file_paths: value },
      packs: {},
    };
    for (const object of [piece, nested]) {
      const { problems } = readPieces([object], { [secret]: '{}' });
      assert.ok(problems.length > 5);
      for (const line of problems.filter((text) => !text.startsWith(secret))) assert.doesNotMatch(line, /hunter2/);
    }
  }
});
