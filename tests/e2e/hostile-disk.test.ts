/** A database or log directory whose disk is full, gone or damaged, or that belongs to somebody else. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { asRoot } from './support/ask.ts';
import { BIN, DaemonFolder, end } from './support/daemon.ts';
import { empty, fill, mountSmall, unmount } from './support/small-disk.ts';

const MALLORY = 12345;

let folder: DaemonFolder;
let small: string;
beforeEach(() => {
  folder = new DaemonFolder();
  small = folder.at('small');
  folder.configure({
    schedule: {
      files: { query: `select filename from file where directory = '${folder.at('watched')}'`, interval: 1 },
      tick: { query: 'select unix_time from time', interval: 1, snapshot: true },
    },
  });
});
afterEach(() => {
  unmount(small);
  folder[Symbol.dispose]();
});

/** What was said on standard error. */
function listen(child: ChildProcess) {
  let stderr = '';
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  return { until: (pattern: RegExp) => folder.until(() => pattern.exec(stderr)?.[0], String(pattern)) };
}

const touch = (...names: string[]) => {
  for (const name of names) writeFileSync(folder.at(`watched/${name}`), '');
};

/** Names of files as they were logged. */
const logged = (log = 'osqueryd.results.log') =>
  folder.lines(log).map(({ columns, action }) => `${action} ${(columns as { filename: string }).filename}`);

const untilLogged = (name: string, log?: string) =>
  folder.until(() => logged(log).includes(`added ${name}`), `the row of ${name}`);

/** Three more runs. */
async function runs(): Promise<void> {
  const ticks = () => folder.lines('osqueryd.snapshots.log').length;
  const before = ticks();
  await folder.until(() => ticks() > before + 2, 'three runs');
}

const once = (rows: readonly string[]) => assert.deepEqual(rows, [...new Set(rows)]);

test('the disk of the database is full, logs have room: each row is logged once, before, meanwhile and after', async (t) => {
  const why = mountSmall(small, '600k');
  if (why !== undefined) return t.skip(`no tmpfs can be mounted here: ${why}`);
  touch('a');
  const first = folder.start(`--database_path=${small}/db`);
  const said = listen(first);
  await untilLogged('a');
  fill(small);
  for (const name of ['b', 'c', 'd']) {
    touch(name);
    await untilLogged(name);
  }
  // The last page of the log of the store may have had room.
  await said.until(
    /store\.sqlite: cannot be written: database or disk is full; what is logged is remembered in memory/,
  );
  await runs();
  empty(small);
  touch('e');
  await untilLogged('e');
  await said.until(/store\.sqlite: is written again/);
  assert.equal(await end(first), 0);
  // And it was kept.
  const second = folder.start(`--database_path=${small}/db`);
  await runs();
  assert.equal(await end(second), 0);
  once(logged());
  assert.equal(logged().length, 5);
});

test('the disk of the database is full until the end: it ends as it should, and no row came twice', async (t) => {
  const why = mountSmall(small, '600k');
  if (why !== undefined) return t.skip(`no tmpfs can be mounted here: ${why}`);
  const first = folder.start(`--database_path=${small}/db`);
  await runs();
  fill(small);
  touch('a');
  await untilLogged('a');
  await runs();
  assert.equal(await end(first), 0);
  once(logged());
});

test('the disk of the logs is full, the database has room: no row is lost, none comes twice', async (t) => {
  const why = mountSmall(small, '600k');
  if (why !== undefined) return t.skip(`no tmpfs can be mounted here: ${why}`);
  touch('a');
  const child = folder.start(`--logger_path=${small}`);
  const said = listen(child);
  await untilLogged('a', 'small/osqueryd.results.log');
  fill(small);
  // More than the last page of the log has room for.
  const many = Array.from({ length: 40 }, (_, i) => `b${i}`);
  touch(...many);
  await said.until(/cannot log: ENOSPC.*; results wait until it goes again/);
  touch('d');
  empty(small);
  await untilLogged('d', 'small/osqueryd.results.log');
  touch('e');
  await untilLogged('e', 'small/osqueryd.results.log');
  assert.equal(await end(child), 0);
  const rows = logged('small/osqueryd.results.log');
  once(rows);
  assert.equal(rows.length, 43);
});

test('a database on a disk that is read-only: the daemon runs, and says what that means', async (t) => {
  const why = mountSmall(small, '600k', 'ro');
  if (why !== undefined) return t.skip(`no tmpfs can be mounted here: ${why}`);
  touch('a');
  const child = folder.start(`--database_path=${small}/db`);
  const said = listen(child);
  await said.until(
    /db\/store\.sqlite: cannot be written: EROFS.*; until the agent is started anew it remembers nothing/,
  );
  await untilLogged('a');
  await runs();
  assert.equal(await end(child), 0);
  once(logged());
});

test('a log of the store that was emptied while the daemon ran: it starts again, with a new one', async () => {
  const first = folder.start();
  await folder.until(() => existsSync(folder.at('db/store.sqlite-wal')), 'the log of the store');
  for (let i = 0; i < 5; i++) {
    touch(`a${i}`);
    await untilLogged(`a${i}`);
    if (i === 2) truncateSync(folder.at('db/store.sqlite-wal'));
  }
  await end(first);
  // And one of its pages for good.
  const path = folder.at('db/store.sqlite');
  const bytes = readFileSync(path);
  bytes.fill(0xee, 4096);
  writeFileSync(path, bytes);
  const second = folder.start();
  touch('b');
  await untilLogged('b');
  assert.equal(await end(second), 0);
  assert.ok(existsSync(folder.at('db/store.sqlite.damaged-1')));
});

test('directories of somebody else: refused, with a reason and what to do; --allow_unsafe takes them', {
  skip: asRoot,
}, async () => {
  writeFileSync(folder.at('victim'), 'secret\n', { mode: 0o600 });
  mkdirSync(folder.at('his'));
  symlinkSync(folder.at('victim'), folder.at('his/osqueryd.results.log'));
  spawnSync('mkfifo', [folder.at('his/osqueryd.snapshots.log')]);
  writeFileSync(folder.at('his/store.sqlite'), '', { mode: 0o666 });
  chownSync(folder.at('his'), MALLORY, MALLORY);
  const his = { logger_path: 'his', database_path: 'his', pidfile: 'his/pid' };
  for (const [flag, name] of Object.entries(his)) {
    for (const more of [[], ['--disable_watchdog']]) {
      const args = [join(BIN, 'osqueryd.js'), ...folder.flags, ...more, `--${flag}=${folder.at(name)}`];
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
      assert.equal(status, 1, stderr);
      const reason = `--${flag} .*${name} is not used, as .*his belongs to user ${MALLORY}`;
      assert.match(stderr, new RegExp(`^ERROR: ${reason}: have all of the path .*--allow_unsafe\n$`));
    }
  }
  assert.deepEqual(readdirSync(folder.at('his')).sort(), [
    'osqueryd.results.log',
    'osqueryd.snapshots.log',
    'store.sqlite',
  ]);
  assert.equal(readFileSync(folder.at('victim'), 'utf8'), 'secret\n');
  assert.equal(statSync(folder.at('victim')).mode & 0o777, 0o600);

  const child = folder.start('--allow_unsafe', `--database_path=${folder.at('his')}`);
  touch('a');
  await untilLogged('a');
  assert.equal(await end(child), 0);
});

test('a link and a pipe where logs belong are moved aside, and lines go on', async () => {
  writeFileSync(folder.at('victim'), 'secret\n', { mode: 0o600 });
  symlinkSync(folder.at('victim'), folder.at('osqueryd.results.log'));
  spawnSync('mkfifo', [folder.at('osqueryd.snapshots.log')]);
  const child = folder.start();
  const said = listen(child);
  await said.until(/results\.log is not used, as it is a link: .*; moved to .*results\.log\.refused-1/);
  await said.until(/snapshots\.log is not used, as it is a named pipe: .*; moved to .*snapshots\.log\.refused-1/);
  touch('a');
  await untilLogged('a');
  await runs();
  assert.equal(await end(child), 0);
  assert.equal(readFileSync(folder.at('victim'), 'utf8'), 'secret\n');
});

test('half a line that a kill left is a line of its own', async () => {
  writeFileSync(folder.at('osqueryd.results.log'), '{"name":"half');
  const child = folder.start();
  touch('a');
  await folder.until(() => folder.read('osqueryd.results.log').includes('"filename":"a"'), 'the row');
  assert.equal(await end(child), 0);
  const [half, line] = folder.read('osqueryd.results.log').split('\n');
  assert.equal(half, '{"name":"half');
  assert.equal(JSON.parse(line!).columns.filename, 'a');
});

test('a configuration of somebody else is used, and that is said', { skip: asRoot }, async () => {
  chownSync(folder.at('osquery.conf'), MALLORY, MALLORY);
  const child = folder.start();
  await folder.untilStatus(/^W.*osquery\.conf: .*osquery\.conf belongs to user 12345: who may write there decides/m);
  touch('a');
  await untilLogged('a');
  assert.equal(await end(child), 0);
});

/** Runs the daemon for at most so many seconds under limits of the shell. */
function limited(limit: string): { status: number | null; stderr: string } {
  const script = `${limit}; exec "$@"`;
  const args = [
    '-c',
    script,
    'sh',
    process.execPath,
    join(BIN, 'osqueryd.js'),
    ...folder.flags,
    '--schedule_timeout=4',
  ];
  return spawnSync('sh', args, { encoding: 'utf8', timeout: 60_000 });
}

test('too few descriptors: it does not start, and says which limit and why', () => {
  const { status, stderr } = limited('ulimit -n 64');
  assert.equal(status, 1);
  assert.match(stderr, /^ERROR: too few files may be open: the limit is 64 \(ulimit -n, .*128 are needed: raise it\n$/);
});

test('files that may not grow: it goes on, and says so', async () => {
  touch('a');
  const { status, stderr } = limited('ulimit -f 20');
  assert.equal(status, 0);
  assert.match(stderr, /cannot be written: disk I\/O error; (until|what is logged)/);
  once(logged());
  assert.deepEqual(logged(), ['added a']);
});
