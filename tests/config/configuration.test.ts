import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applyOptions } from '../../src/config/config-options.ts';
import { readConfiguration } from '../../src/config/configuration.ts';
import { OptionValues } from '../../src/config/option-values.ts';
import { machineShard } from '../../src/config/packs.ts';
import type { Machine } from '../../src/config/schedule.ts';
import { FilesystemSource } from '../../src/config/sources/filesystem.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { mergeTrees, parseTree, type Tree } from '../../src/testing/tree.ts';

const MACHINE: Machine = { shard: 40, version: '5.23.0', defaultInterval: 3600 };
const PATH = '/etc/osquery/osquery.conf';

/** A tree of one file. */
function file(path: string, content: unknown): Tree {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return parseTree(
    `${path}\n${text
      .split('\n')
      .map((line) => `| ${line}`)
      .join('\n')}\n`,
  );
}

function read(...trees: Tree[]) {
  const problems: string[] = [];
  const { files } = new MemoryHost(mergeTrees(trees));
  const { packs, options, decorators } = readConfiguration(new FilesystemSource(files, PATH), MACHINE, (problem) =>
    problems.push(problem),
  );
  return { packs, options, decorators, problems, main: packs.find(({ name }) => name === 'main')?.queries ?? [] };
}

const schedule = (queries: unknown) => file(PATH, { schedule: queries });

describe('a schedule', () => {
  test('has osquery’s defaults', () => {
    const { main, problems } = read(schedule({ q: { query: 'select 1' } }));
    assert.deepEqual(problems, []);
    assert.deepEqual(main, [
      {
        name: 'q',
        query: 'select 1',
        interval: 3600,
        snapshot: false,
        removed: true,
        denylist: true,
        runAtStart: false,
        startupPriority: Number.POSITIVE_INFINITY,
      },
    ]);
  });

  test('a query may have a time of its own, or none', () => {
    const { main, problems } = read(
      schedule({ a: { query: 'select 1', timeout: 30 }, b: { query: 'select 1', timeout: '0' } }),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      main.map(({ timeout }) => timeout),
      [30, 0],
    );
  });

  test('takes numbers and switches as texts, too', () => {
    const { main } = read(
      schedule({
        a: { query: 'select 1', interval: '60', snapshot: 'true', removed: 'false', denylist: 0 },
        b: { query: 'select 1', interval: 5.7, snapshot: 1, removed: 'T', blacklist: false },
      }),
    );
    assert.deepEqual(
      main.map(({ interval, snapshot, removed, denylist }) => [interval, snapshot, removed, denylist]),
      [
        [60, true, false, false],
        [5, true, true, false],
      ],
    );
  });

  test('runs lower priorities first, then by name', () => {
    const query = (startup_priority: unknown) => ({ query: 'select 1', startup_priority });
    const { main } = read(schedule({ z: query(1), c: query(2), b: query('1'), a: query(undefined) }));
    assert.deepEqual(
      main.map(({ name }) => name),
      ['b', 'z', 'c', 'a'],
    );
    // Those with a priority run at once, as in osquery; others where they say so.
    assert.deepEqual(
      main.map(({ runAtStart }) => runAtStart),
      [true, true, true, false],
    );
    const own = { query: 'select 1', run_at_start: true };
    assert.equal(read(schedule({ q: own })).main[0]!.runAtStart, true);
  });

  test('leaves out what is wrong, alone and with a word', () => {
    const { main, problems } = read(
      schedule({
        good: { query: 'select 1' },
        empty: { query: ' ' },
        none: {},
        text: 'select 1',
        never: { query: 'select 1', interval: 0 },
        rarely: { query: 'select 1', interval: 604801 },
        oddly: { query: 'select 1', interval: 'soon' },
        'query.x': { query: 'select 1' },
        xepoch: { query: 'select 1' },
      }),
    );
    assert.deepEqual(
      main.map(({ name }) => name),
      ['good'],
    );
    const place = `${PATH}: schedule`;
    assert.deepEqual(problems, [
      `${place}.empty: has no query`,
      `${place}.none: has no query`,
      `${place}.text: not an object`,
      `${place}.never: interval is not 1 to 604800 seconds`,
      `${place}.rarely: interval is not 1 to 604800 seconds`,
      `${place}.oddly: interval is not 1 to 604800 seconds`,
      `${place}.query.x: a name must not begin with query.`,
      `${place}.xepoch: a name must not end with epoch`,
    ]);
  });

  test('leaves out what is for other machines, silently', () => {
    const on = (restriction: object) => ({ query: 'select 1', ...restriction });
    const { main, problems } = read(
      schedule({
        'a windows': on({ platform: 'windows' }),
        'b darwin,linux': on({ platform: 'darwin,linux' }),
        'c posix': on({ platform: 'posix' }),
        'd ubuntu': on({ platform: 'ubuntu' }),
        'e newer': on({ version: '5.24.0' }),
        'f same': on({ version: '5.23.0' }),
        'g short': on({ version: '5' }),
        'h longer': on({ version: '5.23.0.1' }),
        'i shard 39': on({ shard: 39 }),
        'j shard 40': on({ shard: '40' }),
        'k no shard': on({ shard: 0 }),
      }),
    );
    assert.deepEqual(main.map(({ name }) => name[0]).join(''), 'bcdfgjk');
    assert.deepEqual(problems, []);
  });
});

describe('packs', () => {
  const QUERIES = { queries: { q: { query: 'select 1' } } };

  test('are written down, in a file, or in the files of a pattern', () => {
    const { packs, problems } = read(
      file(PATH, { packs: { inline: QUERIES, named: '/etc/packs/n.conf', '*': '/etc/packs/more/%.conf' } }),
      file('/etc/packs/n.conf', `# a comment\n${JSON.stringify(QUERIES)}`),
      file('/etc/packs/more/b.conf', QUERIES),
      file('/etc/packs/more/a.b.conf', QUERIES),
      file('/etc/packs/more/other.txt', QUERIES),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      packs.map(({ name, source, queries }) => [name, source, queries.length]),
      [
        ['inline', PATH, 1],
        ['named', '/etc/packs/n.conf', 1],
        ['a.b', '/etc/packs/more/a.b.conf', 1],
        ['b', '/etc/packs/more/b.conf', 1],
      ],
    );
  });

  test('keep their restrictions where these keep them from running', () => {
    const { packs } = read(
      file(PATH, {
        packs: { p: { ...QUERIES, platform: 'windows', version: '1.2.3', shard: 7, discovery: ['select 1'] } },
      }),
    );
    assert.deepEqual(packs, [
      { name: 'p', source: PATH, platform: 'windows', version: '1.2.3', shard: 7, discovery: [], queries: [] },
    ]);
  });

  test('discovery', () => {
    const { packs, problems } = read(
      file(PATH, {
        packs: { a: { ...QUERIES, discovery: ['select 1', 2] }, b: { ...QUERIES, discovery: 'select 1' } },
      }),
    );
    assert.deepEqual(
      packs.map(({ discovery }) => discovery),
      [['select 1'], []],
    );
    assert.deepEqual(problems, [
      `${PATH}: packs.a.discovery: has what is no text, or an empty one`,
      `${PATH}: packs.b.discovery: not an array`,
    ]);
  });

  test('that are wrong are left out with a word', () => {
    const { packs, problems } = read(
      file(PATH, { packs: { gone: '/etc/packs/gone.conf', broken: '/etc/packs/broken.conf', number: 1, empty: {} } }),
      file('/etc/packs/broken.conf', '{"queries": {'),
    );
    assert.deepEqual(
      packs.map(({ name }) => name),
      ['empty'],
    );
    assert.equal(problems[0], '/etc/packs/gone.conf: cannot be read: ENOENT');
    assert.match(problems[1]!, /^\/etc\/packs\/broken\.conf:\d: not JSON: /);
    assert.equal(problems[2], `${PATH}: packs.number: neither a pack nor a path`);
    assert.equal(problems[3], `${PATH}: packs.empty: has no queries`);
  });
});

describe('a configuration of several files', () => {
  test('is the named one, then those of the folder beside it, by name', () => {
    const one = (name: string) => ({ schedule: { [name]: { query: 'select 1' } } });
    const { packs, problems } = read(
      file(PATH, one('first')),
      file(`${PATH}.d/20.conf`, one('third')),
      file(`${PATH}.d/10.conf`, one('second')),
      file(`${PATH}.d/notes.txt`, 'not read'),
      file(`${PATH}.d/15.conf`, 'broken'),
    );
    assert.deepEqual(
      packs.map(({ queries }) => queries[0]?.name),
      ['first', 'second', 'third'],
    );
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /^\/etc\/osquery\/osquery\.conf\.d\/15\.conf:1: not JSON/);
  });

  test('without the named one is none', () => {
    assert.throws(() => read(parseTree('/etc/other\n')), {
      name: 'UserError',
      message: `${PATH}: cannot be read: ENOENT`,
    });
  });

  test('what is no object is left out with a word', () => {
    const { packs, problems } = read(file(PATH, { schedule: [], packs: 'x' }));
    assert.deepEqual(packs, []);
    assert.deepEqual(problems, [`${PATH}: schedule: not an object`, `${PATH}: packs: not an object`]);
  });
});

test('the shard of a machine is that of osquery: two digits of SHA-1 as percent', () => {
  // printf web-1.example.org | sha1sum
  assert.equal(machineShard('web-1.example.org'), Math.floor((0xf5 * 100) / 255));
  const shards = Array.from({ length: 1000 }, (_, i) => machineShard(`host-${i}`));
  assert.ok(Math.min(...shards) <= 2 && Math.max(...shards) >= 98);
});

describe('options', () => {
  const apply = (options: Parameters<typeof applyOptions>[0], values = new OptionValues()) => {
    const reports: string[] = [];
    applyOptions(options, values, (place, reason) => reports.push(`${place}: ${reason}`));
    return { values, reports };
  };

  test('of every type win over the command line', () => {
    const values = new OptionValues();
    values.set(values.declaration('schedule_splay_percent')!, '50');
    const { reports } = apply(
      {
        schedule_splay_percent: 7,
        logger_event_type: false,
        host_identifier: 'uuid',
        verbose: 'true',
        pack_delimiter: '',
      },
      values,
    );
    assert.deepEqual(reports, []);
    assert.equal(values.number('schedule_splay_percent'), 7);
    assert.equal(values.bool('logger_event_type'), false);
    assert.equal(values.bool('verbose'), true);
    assert.equal(values.string('host_identifier'), 'uuid');
    assert.equal(values.string('pack_delimiter'), '_');
  });

  test('that are none are left out with a word, which does not show their value', () => {
    const { values, reports } = apply({
      no_such: 'hunter2',
      database_path: '/elsewhere',
      schedule_splay_percent: 'hunter2',
      verbose: null,
      custom_thing: 'for an extension',
      log_numerics_as_numbers: true,
      read_max: -1,
      host_identifier: 'hunter2',
    });
    assert.deepEqual(reports, [
      'options.no_such: no such flag',
      'options.database_path: only the command line or a flagfile sets this',
      'options.schedule_splay_percent: not a value of the type uint64',
      'options.verbose: neither a text nor a number nor true or false',
      'options.read_max: not a value of the type uint64',
      'options.host_identifier: not hostname, uuid, instance, ephemeral or specified',
    ]);
    assert.equal(values.string('host_identifier'), 'hostname');
    assert.equal(values.string('database_path'), '/var/osquery/osquery.db');
    assert.equal(values.bool('logger_numerics'), true);
  });

  test('are read from each piece, in order', () => {
    const { options, problems } = read(
      file(PATH, { options: { verbose: true } }),
      file(`${PATH}.d/a.conf`, { options: [] }),
      file(`${PATH}.d/b.conf`, { options: { verbose: false } }),
    );
    assert.deepEqual(options, [
      { source: PATH, value: { verbose: true } },
      { source: `${PATH}.d/b.conf`, value: { verbose: false } },
    ]);
    assert.deepEqual(problems, [`${PATH}.d/a.conf: options: not an object`]);
  });
});

test('decorators', () => {
  const { decorators, problems } = read(
    file(PATH, {
      decorators: {
        load: ['select 1 as a', 2],
        always: 'select 1',
        interval: { 60: ['select 2 as b'], '0': ['select 3'], 90: ['select 4'], soon: [], 3600: 'select 5' },
      },
    }),
    file(`${PATH}.d/b.conf`, { decorators: [] }),
  );
  assert.deepEqual(decorators[0], {
    source: PATH,
    value: {
      load: ['select 1 as a'],
      always: [],
      intervals: [
        { every: 60, queries: ['select 2 as b'] },
        { every: 3600, queries: [] },
      ],
    },
  });
  assert.deepEqual(problems, [
    `${PATH}: decorators.load: has what is no text, or an empty one`,
    `${PATH}: decorators.always: not an array`,
    `${PATH}: decorators.interval.0: not a multiple of 60 seconds`,
    `${PATH}: decorators.interval.90: not a multiple of 60 seconds`,
    `${PATH}: decorators.interval.3600: not an array`,
    `${PATH}: decorators.interval.soon: not a multiple of 60 seconds`,
    `${PATH}.d/b.conf: decorators: not an object`,
  ]);
});
