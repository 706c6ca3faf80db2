import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Configuration, readConfiguration } from '../../src/config/configuration.ts';

const MACHINE = { shard: 0, version: '5.23.0', defaultInterval: 3600 };

/** A configuration of these pieces. */
function read(...pieces: object[]): { configuration: Configuration; problems: string[] } {
  const problems: string[] = [];
  const source = {
    texts: () => pieces.map((piece, i) => ({ source: `${i}.conf`, text: JSON.stringify(piece) })),
    pack: () => assert.fail(),
    packs: () => assert.fail(),
  };
  return { configuration: readConfiguration(source, MACHINE, (text) => problems.push(text)), problems };
}

test('a key that nobody knows is said, with what was meant', () => {
  const { configuration, problems } = read({
    shedule: {},
    schedule: { q: { query: 'select 1', intervall: 5, description: 'for us', value: 'much' } },
    packs: { p: { quereis: {}, queries: {} } },
    decorators: { laod: [] },
    zebra: 1,
  });
  assert.equal(configuration.packs[0]!.queries[0]!.name, 'q');
  assert.deepEqual(problems, [
    '0.conf: shedule: unknown, and ignored; did you mean schedule?',
    '0.conf: zebra: unknown, and ignored',
    '0.conf: decorators.laod: unknown, and ignored; did you mean load?',
    '0.conf: schedule.q.intervall: unknown, and ignored; did you mean interval?',
    '0.conf: packs.p.quereis: unknown, and ignored; did you mean queries?',
  ]);
});

test('files to watch, by category, of all pieces', () => {
  const { configuration, problems } = read(
    { file_paths: { etc: ['/etc/%%'], odd: 5 }, exclude_paths: { etc: ['/etc/mtab'], nowhere: ['/x'] } },
    {
      file_paths: { etc: ['/usr/etc/%%', 7, ''] },
      file_paths_query: { homes: ['select directory as path from users'] },
      file_accesses: ['etc', 'gone'],
    },
  );
  assert.deepEqual([...configuration.files.paths], [['etc', ['/etc/%%', '/usr/etc/%%']]]);
  assert.deepEqual([...configuration.files.queries], [['homes', ['select directory as path from users']]]);
  assert.deepEqual([...configuration.files.excluded.keys()], ['etc', 'nowhere']);
  assert.deepEqual(configuration.files.accesses, ['etc', 'gone']);
  assert.deepEqual(problems, [
    '0.conf: file_paths.odd: not an array',
    '1.conf: file_paths.etc: has what is no text, or an empty one',
    '0.conf: exclude_paths.nowhere: no category of file_paths',
    '1.conf: file_accesses.gone: no category of file_paths',
  ]);
});

test('yara', () => {
  const { configuration, problems } = read({
    yara: {
      signatures: { web: ['/rules/web.yar'] },
      signature_urls: ['https://rules.example/.*', 'ftp://user:hunter2@host/'],
      file_paths: { etc: ['web', 'mail'] },
    },
  });
  assert.deepEqual([...configuration.yara.signatures], [['web', ['/rules/web.yar']]]);
  assert.deepEqual([...configuration.yara.filePaths], [['etc', ['web', 'mail']]]);
  assert.deepEqual(configuration.yara.signatureUrls, ['https://rules.example/.*']);
  assert.deepEqual(problems, [
    '0.conf: yara.signature_urls: has what is no URL of http or https',
    '0.conf: yara.file_paths.etc: no category of file_paths',
    '0.conf: yara.file_paths.etc.mail: no group of signatures',
  ]);
});

test('tables of SQLite files', () => {
  const table = { query: 'select a, b from t', path: '/var/lib/%/x.db', columns: ['a', 'b'] };
  const { configuration, problems } = read(
    {
      auto_table_construction: {
        good: table,
        with_path: { ...table, columns: ['a', 'Path'] },
        mac: { ...table, platform: 'darwin' },
        ours: { ...table, platform: 'linux' },
        'bad name': table,
        queryless: { ...table, query: '' },
        pathless: { ...table, path: 5 },
        twice: { ...table, columns: ['a', 'a'] },
        none: { ...table, columns: [] },
        text: 'x',
      },
    },
    { auto_table_construction: { good: { ...table, path: '/other' } } },
  );
  assert.deepEqual(
    configuration.customTables.map(({ name, path, columns }) => [name, path, columns.join()]),
    [
      ['good', '/other', 'a,b'],
      ['with_path', '/var/lib/%/x.db', 'a'],
      ['ours', '/var/lib/%/x.db', 'a,b'],
    ],
  );
  assert.deepEqual(
    problems.map((text) => text.replace('0.conf: auto_table_construction.', '')),
    [
      'bad name: not a name for a table',
      'queryless: has no query',
      'pathless.path: not a text',
      'pathless: has no path',
      'twice.columns: has what is no name for a column, or one twice',
      'none.columns: not 1 to 1000 columns',
      'text: not an object',
    ],
  );
});

test('views, events, targets of Prometheus, topics of Kafka', () => {
  const { configuration, problems } = read(
    {
      views: { one: 'select 1', none: '', many: ['x'] },
      events: { disable_subscribers: ['yara_events'], environment_variables: ['PATH'] },
      prometheus_targets: { urls: ['http://localhost:9100/metrics', 'ftp://user:secret@host/'], timeout: 5 },
      kafka_topics: { audit: ['pack_audit_execs'] },
      feature_vectors: { character_frequencies: [0.1] },
    },
    { views: { one: 'select 2' }, events: [], prometheus_targets: 'x' },
  );
  assert.deepEqual([...configuration.views], [['one', 'select 2']]);
  assert.deepEqual(configuration.events, { disabled: ['yara_events'], enabled: [], environment: ['PATH'] });
  assert.deepEqual(configuration.prometheusTargets, { urls: ['http://localhost:9100/metrics'], timeout: 5 });
  assert.deepEqual([...configuration.kafkaTopics], [['audit', ['pack_audit_execs']]]);
  assert.deepEqual(problems, [
    '0.conf: views.none: not a query',
    '0.conf: views.many: not a query',
    '0.conf: prometheus_targets.urls: has what is no URL of http or https',
    '1.conf: events: not an object',
    '1.conf: prometheus_targets: not an object',
  ]);
});

test('the hash is that of the texts, whatever their order', () => {
  const { configuration } = read({ schedule: {} });
  assert.match(configuration.hash, /^[0-9a-f]{40}$/);
  assert.equal(read({ schedule: {} }).configuration.hash, configuration.hash);
  assert.notEqual(read({ schedule: {}, packs: {} }).configuration.hash, configuration.hash);
  assert.deepEqual(configuration.texts, [{ source: '0.conf', text: '{"schedule":{}}' }]);
});
