import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ConfigSource, readConfiguration } from '../../src/config/configuration.ts';
import { FilesystemSource } from '../../src/config/sources/filesystem.ts';
import { LinuxHost } from '../../src/host/linux/linux-host.ts';
import { MACHINE, queryNames, readPieces } from './read-pieces.ts';

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

test('a configuration of four MiB, whatever is in it, is read or refused within seconds', () => {
  const most = 4 * 1024 * 1024 - 100;
  const filled = (head: string, unit: (i: number) => string, tail: string) => {
    const units: string[] = [];
    for (let i = 0, length = head.length + tail.length; ; i++) {
      const text = i === 0 ? unit(i) : `,${unit(i)}`;
      length += text.length;
      if (length > most) return head + units.join('') + tail;
      units.push(text);
    }
  };
  const texts = {
    packs: filled('{"packs":{"*":{', (i) => `"p${i}":{"queries":{"q":{"query":"select 1"}}}`, '}}}'),
    paths: filled('{"packs":{"*":{', (i) => `"${i}":"/x"`, '}}}'),
    unknown: filled('{', (i) => `"k${i}":1`, '}'),
    deep: `{"a":${'['.repeat(most / 2 - 4)}${']'.repeat(most / 2 - 4)}}`,
    cut: '['.repeat(most),
    broken: filled('{"a":[', String, ',nope]}'),
    numbers: filled('{"a":[', (i) => `1234567890123456${i}`, ']}'),
    joins: `{"a":"${'x\\\n'.repeat(most / 3 - 10)}"}`,
    blank: `${'\n'.repeat(most - 10)}#\n{}`,
    returns: `${'\r'.repeat(most - 10)}#\n{}`,
    platforms: `{"schedule":{"q":{"query":"select 1","platform":"${'linuy,'.repeat(most / 6 - 30)}"}}}`,
  };
  for (const [name, text] of Object.entries(texts)) {
    let reads = 0;
    const pack = (path: string) => {
      reads += 1;
      return { source: path, text: '{"queries":{}}' };
    };
    const source: ConfigSource = { texts: () => [{ source: 'c', text }], pack, packs: () => [] };
    const problems: string[] = [];
    const started = process.cpuUsage();
    const { packs } = readConfiguration(source, MACHINE, (line) => problems.push(line));
    const { user, system } = process.cpuUsage(started);
    // Half a second each on the machine this was written on; ten were taken by the worst before it had bounds.
    assert.ok(user + system < 5e6, `${name}: ${(user + system) / 1000} ms`);
    assert.ok(problems.length <= 201 && reads <= 1001 && packs.length <= 10_000, name);
  }
});

test('all pieces together have an end, and one that is too long is not read', () => {
  const text = `{"views":{"a":"${'x'.repeat(4_000_000)}"}}`;
  const texts = Array.from({ length: 6 }, (_, i) => ({ source: `${i}`, text: text.replace('"a"', `"a${i}"`) }));
  const source: ConfigSource = { texts: () => [...texts, LONG], pack: assert.fail, packs: () => [] };
  const problems: string[] = [];
  const { views, broken } = readConfiguration(source, MACHINE, (line) => problems.push(line));
  assert.equal(views.size, 4);
  assert.deepEqual(problems, [
    '4: more than 16777216 characters with those before it',
    '5: more than 16777216 characters with those before it',
    'long: more than 4194304 characters',
  ]);
  assert.deepEqual(broken, problems);
});

const LONG = { source: 'long', text: '', unread: 'long: more than 4194304 characters' };

test('files of a configuration: too many, too long, of somebody else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-config-'));
  try {
    const path = join(folder, 'c');
    mkdirSync(`${path}.d`);
    mkdirSync(join(folder, 'packs'));
    writeFileSync(path, JSON.stringify({ packs: { '*': `${folder}/packs/%` } }));
    for (let i = 0; i < 1003; i++) {
      writeFileSync(join(`${path}.d`, `${String(i).padStart(4, '0')}.conf`), '{}');
      writeFileSync(join(folder, 'packs', `p${i}.conf`), '{"queries":{}}');
    }
    writeFileSync(join(`${path}.d`, '0000.conf'), 'x'.repeat(13_000_000));
    const distrusted = (file: string) => (file === path ? 'it belongs to user 7' : undefined);
    const source = new FilesystemSource(new LinuxHost().files, path, distrusted);
    const problems: string[] = [];
    const { packs } = readConfiguration(source, MACHINE, (line) => problems.push(line));
    assert.equal(packs.length, 1000);
    assert.deepEqual(
      problems.map((line) => line.replaceAll(folder, '')),
      [
        '/c: it belongs to user 7: who may write there decides what the agent does',
        '/packs/p997.conf: more than 1000 files of packs',
        '/c.d/0000.conf: more than 4194304 characters',
        '/c.d: more than 1000 files',
      ],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
