/** The daemon as it is started: a schedule over real files, what it logs, and how it ends. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { BIN, DaemonFolder, end } from './support/daemon.ts';

let folder: DaemonFolder;
beforeEach(() => {
  folder = new DaemonFolder();
});
afterEach(() => folder[Symbol.dispose]());

const changes = () =>
  folder
    .lines('osqueryd.results.log')
    .filter(({ name }) => name === 'files')
    .map(({ action, columns, counter }) => `${counter} ${action} ${(columns as { filename: string }).filename}`);

test('logs what changed, over a restart and a kill', async () => {
  const query = `select filename from file where directory = '${folder.at('watched')}' order by 1`;
  folder.configure({ schedule: { files: { query, interval: 1 } } });
  writeFileSync(folder.at('watched/a'), '');
  const first = folder.start();
  await folder.until(() => changes()[0], 'the first row');
  writeFileSync(folder.at('watched/b'), '');
  await folder.until(() => changes()[1], 'the second row');
  assert.equal(await end(first), 0);
  assert.deepEqual(changes(), ['0 added a', '1 added b']);
  assert.equal(existsSync(folder.at('pid')), false);

  rmSync(folder.at('watched/a'));
  const second = folder.start();
  await folder.until(() => changes()[2], 'the row that went');
  await end(second, 'SIGKILL');
  assert.deepEqual(changes().slice(2), ['2 removed a']);

  writeFileSync(folder.at('watched/c'), '');
  const third = folder.start();
  await folder.until(() => changes()[3], 'the row that came');
  assert.equal(await end(third, 'SIGINT'), 0);
  assert.deepEqual(changes().slice(3), ['3 added c']);
});

test('snapshots, packs with discovery, decorators, views, tables of SQLite files; a query that fails fails alone', async () => {
  folder.configure({
    schedule: {
      snap: { query: "select 1 as a, 'x' as b", interval: 1, snapshot: true },
      bad: { query: 'select nope from time', interval: 1 },
      notes: { query: 'select * from notes', interval: 1, snapshot: true },
      seen: { query: 'select n from sevens', interval: 1, snapshot: true },
    },
    packs: {
      yes: { discovery: ['select 1'], queries: { q: { query: 'select 7 as n, 1.5 as f', interval: 1 } } },
      no: { discovery: ['select 1 where 0'], queries: { q: { query: 'select 8 as n', interval: 1 } } },
    },
    decorators: { load: ["select 'v' as deco"], always: ["select 'w' as deco2"] },
    auto_table_construction: {
      notes: { query: 'select id, text from note', path: folder.at('%.sqlite'), columns: ['id', 'text'] },
    },
    views: { sevens: 'select 7 as n', broken: 'select from' },
  });
  using notes = new DatabaseSync(folder.at('notes.sqlite'));
  notes.exec("PRAGMA journal_mode = WAL; CREATE TABLE note (id, text); INSERT INTO note VALUES (1, 'in the log')");
  const child = folder.start('--logger_numerics');
  const snapshots = (name: string) => folder.lines('osqueryd.snapshots.log').filter((line) => line['name'] === name);
  await folder.until(() => snapshots('snap')[1] && snapshots('seen')[0], 'the snapshots');
  assert.deepEqual(snapshots('snap')[0]!['snapshot'], [{ a: 1, b: 'x' }]);
  await folder.until(() => snapshots('notes')[0], 'the notes');
  assert.deepEqual(snapshots('notes')[0]!['snapshot'], [
    { id: '1', path: folder.at('notes.sqlite'), text: 'in the log' },
  ]);
  assert.deepEqual(snapshots('seen')[0]!['snapshot'], [{ n: 7 }]);
  await folder.until(() => folder.lines('osqueryd.results.log')[0], 'a result');
  assert.equal(await end(child), 0);
  const [result, ...more] = folder.read('osqueryd.results.log').trimEnd().split('\n');
  assert.match(
    result!,
    /^\{"name":"pack_yes_q","hostIdentifier":"host-1","calendarTime":"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} UTC","unixTime":\d+,"epoch":0,"counter":0,"numerics":true,"decorations":\{"deco":"v","deco2":"w"\},"columns":\{"f":1\.5,"n":7\},"action":"added"\}$/,
  );
  assert.deepEqual(more, []);
  assert.match(folder.read('osqueryd.ERROR'), /Error executing scheduled query bad: no such column: nope/);
  assert.match(folder.status, /Error creating view \(broken\): near "from": syntax error/);
});

test('the daemon shows itself in its tables', async () => {
  folder.configure({
    schedule: {
      info: { query: 'select pid, watcher, config_valid, config_hash from osquery_info', interval: 1 },
      bad: { query: 'select nope', interval: 1 },
      schedule: {
        query: 'select name, executions, last_executed, denylisted from osquery_schedule order by name',
        interval: 1,
        snapshot: true,
      },
      never: { query: 'select 1', interval: 604_800 },
    },
    packs: { off: { discovery: ['select 1 where 0'], queries: { q: { query: 'select 1', interval: 1 } } } },
  });
  const child = folder.start();
  const rows = await folder.until(() => {
    const [line] = folder.lines('osqueryd.snapshots.log').slice(2);
    return line?.['snapshot'] as Record<string, string>[] | undefined;
  }, 'three snapshots');
  const [bad, info, never, pack, schedule] = rows as [Record<string, string>, ...Record<string, string>[]];
  assert.deepEqual([bad['name'], bad['executions'], bad['last_executed'] === '0'], ['bad', '0', false]);
  assert.deepEqual([info!['name'], info!['executions']! >= '2'], ['info', true]);
  assert.deepEqual([never!['name'], never!['last_executed']], ['never', '0']);
  assert.deepEqual([pack!['name'], pack!['executions']], ['pack_off_q', '0']);
  assert.deepEqual([schedule!['name'], schedule!['executions'], schedule!['denylisted']], ['schedule', '2', '0']);
  const [line] = folder.lines('osqueryd.results.log');
  const columns = line!['columns'] as Record<string, string>;
  assert.equal(columns['watcher'], String(child.pid));
  assert.equal(columns['config_valid'], '1');
  assert.match(columns['config_hash']!, /^[0-9a-f]{40}$/);
  assert.equal(await end(child), 0);
});

test('a query that never ends is stopped and put aside, and the others run', async () => {
  const endless = 'with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c';
  folder.configure({
    options: { query_timeout: 1 },
    schedule: {
      endless: { query: endless, interval: 3 },
      fine: { query: 'select 1 as a', interval: 1, snapshot: true },
      aside: {
        query: "select denylisted from osquery_schedule where name = 'endless'",
        interval: 1,
      },
    },
  });
  const child = folder.start();
  await folder.untilStatus(/Error executing scheduled query endless: took longer than 1000 ms/);
  await folder.untilStatus(/Scheduled query endless is denylisted for a day/);
  const before = folder.lines('osqueryd.snapshots.log').length;
  await folder.until(() => folder.lines('osqueryd.snapshots.log').length > before, 'another query after it');
  await folder.until(
    () =>
      folder
        .lines('osqueryd.results.log')
        .find(({ columns }) => (columns as { denylisted: string }).denylisted === '1'),
    'denylisted in osquery_schedule',
  );
  assert.equal(await end(child), 0);
});

test('--config_check and --config_dump', () => {
  folder.configure({ schedule: { q: { query: 'select 1', interval: 10 } } });
  const right = folder.run('osqueryd', '--config_check');
  assert.deepEqual([right.status, right.stderr], [0, '']);
  const dumped = JSON.parse(folder.run('osqueryd', '--config_dump').stdout);
  assert.deepEqual(dumped[folder.at('osquery.conf')].schedule, { q: { query: 'select 1', interval: 10 } });
  folder.configure({ schedule: { q: { query: '', interval: 10 } }, options: { no_such: 1 } });
  const wrong = folder.run('osqueryd', '--config_check');
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /schedule|packs\.main\.queries\.q: has no query/);
  assert.match(wrong.stderr, /options\.no_such: no such flag/);
  rmSync(folder.at('osquery.conf'));
  assert.match(folder.run('osqueryd', '--config_check').stderr, /cannot be read: ENOENT/);
  assert.deepEqual(folder.lines('osqueryd.results.log'), []);
});

test('--database_dump shows what is kept, and no secret', async () => {
  folder.configure({ schedule: { q: { query: 'select 5 as n', interval: 1 } } });
  const child = folder.start();
  await folder.until(() => folder.lines('osqueryd.results.log')[0], 'a result');
  assert.match(folder.run('osqueryd', '--database_dump').stderr, /process \d+ has it/);
  await end(child);
  const { stdout, status } = folder.run('osqueryd', '--database_dump');
  assert.equal(status, 0);
  assert.match(stdout, /^settings\[interval\.q\]: 1:1$/m);
  assert.match(stdout, /^queries\[q\]: 0 0 select 5 as n$/m);
  assert.match(stdout, /^results\[q\.[^\]]{16}\]: \{"n":5\}$/m);
  assert.match(stdout, /^settings\[results\.secret\]: \*{8}$/m);
});

test('--ephemeral with standard output leaves nothing behind', async () => {
  folder.configure({ schedule: { q: { query: 'select 5 as n', interval: 1 } } });
  const child = folder.start('--ephemeral', '--logger_plugin=stdout');
  let text = '';
  for await (const part of child.stdout!.setEncoding('utf8')) {
    text += part;
    if (text.includes('"columns":{"n":"5"}')) break;
  }
  assert.match(text, /osqueryd started[\s\S]*"columns":\{"n":"5"\}/);
  assert.equal(await end(child), 0);
  assert.equal(existsSync(folder.at('db')), false);
  assert.equal(existsSync(folder.at('pid')), false);
});

test('logs are rotated, and what queries cost is recorded', async () => {
  folder.configure({
    schedule: {
      large: { query: 'select unix_time, hex(zeroblob(1000)) as filler from time', interval: 1, snapshot: true },
    },
  });
  const child = folder.start(
    '--logger_rotate',
    '--logger_rotate_size=2000',
    '--logger_rotate_max_files=3',
    '--enable_numeric_monitoring',
    `--numeric_monitoring_filesystem_path=${folder.at('costs.log')}`,
    '--numeric_monitoring_pre_aggregation_time=1',
  );
  await folder.until(() => existsSync(folder.at('osqueryd.snapshots.log.3.zst')), 'the third file');
  assert.equal(await end(child), 0);
  assert.match(folder.read('osqueryd.snapshots.log.1'), /^\{"snapshot":\[\{"filler":"0000/);
  const packed = readFileSync(folder.at('osqueryd.snapshots.log.3.zst'));
  assert.match(zstdDecompressSync(packed).toString(), /^\{"snapshot":\[\{"filler":"0000/);
  assert.match(folder.read('costs.log'), /^query\.total\.count\t\d+\t\d+\tfalse$/m);
  assert.match(folder.read('costs.log'), /^scheduler\.query\.main\.large\.status\.success\t\d+\t\d+\tfalse$/m);
  assert.match(
    folder.read('costs.log'),
    /^scheduler\.global\.query\.main\.large\.time\.total\.millis\t\d+\t\d+\tfalse$/m,
  );
});

test('a damaged database is moved aside, and the daemon runs', async () => {
  folder.configure({ schedule: { q: { query: 'select 5 as n', interval: 1 } } });
  mkdirSync(folder.at('db'));
  writeFileSync(folder.at('db/store.sqlite'), 'this is no database'.repeat(1000));
  const child = folder.start();
  await folder.until(() => folder.lines('osqueryd.results.log')[0], 'a result');
  assert.equal(await end(child), 0);
  assert.match(folder.status, /store\.sqlite: damaged \(file is not a database\); moved to .*store\.sqlite\.damaged-1/);
  assert.ok(existsSync(folder.at('db/store.sqlite.damaged-1')));
});

test('logger_event_type=false, logger_snapshot_event_type, decorations_top_level, schedule_epoch, disable_decorators', async () => {
  folder.configure({
    schedule: {
      rows: { query: 'select 1 as n union select 2', interval: 1 },
      snap: { query: 'select 3 as n', interval: 1, snapshot: true },
    },
    decorators: { load: ["select 'b' as site"] },
  });
  const flags = ['--logger_event_type=false', '--logger_snapshot_event_type', '--schedule_epoch=7'];
  const first = folder.start(...flags, '--decorations_top_level');
  await folder.until(
    () => folder.lines('osqueryd.results.log')[0] && folder.lines('osqueryd.snapshots.log')[0],
    'both',
  );
  assert.equal(await end(first), 0);
  const [batch] = folder.lines('osqueryd.results.log');
  assert.deepEqual(
    [batch!['diffResults'], batch!['epoch'], batch!['site']],
    [{ removed: [], added: [{ n: '1' }, { n: '2' }] }, 7, 'b'],
  );
  const [row] = folder.lines('osqueryd.snapshots.log');
  assert.deepEqual([row!['columns'], row!['action'], row!['site']], [{ n: '3' }, 'snapshot', 'b']);

  const second = folder.start('--schedule_epoch=8', '--disable_decorators');
  await folder.until(() => folder.lines('osqueryd.results.log')[2], 'the rows of the next epoch');
  assert.equal(await end(second), 0);
  const [, next] = folder.lines('osqueryd.results.log');
  assert.deepEqual([next!['epoch'], next!['counter'], next!['decorations']], [8, 0, undefined]);
});

test('the example configuration and the default flagfile have no mistakes', () => {
  const packaging = join(import.meta.dirname, '../../packaging');
  const flags = [`--flagfile=${packaging}/osquery.flags`, `--config_path=${packaging}/osquery.example.conf`];
  const { status, stderr } = spawnSync(process.execPath, [join(BIN, 'osqueryd.js'), ...flags, '--config_check'], {
    encoding: 'utf8',
  });
  assert.deepEqual([status, stderr], [0, '']);
});
