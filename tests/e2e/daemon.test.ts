/** The daemon as it is started: a schedule over real files, what it logs, and how it ends. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

const PROGRAM = join(import.meta.dirname, '../../bin/osqueryd.js');
/** Far more than anything here takes on a loaded machine. */
const LIMIT_MS = 30_000;

let folder = '';
let running: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osquery-daemon-'));
  mkdirSync(join(folder, 'watched'));
  running = [];
});
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const at = (name: string) => join(folder, name);
const flags = () => [
  '--config_path',
  at('osquery.conf'),
  '--database_path',
  at('db'),
  '--pidfile',
  at('pid'),
  '--logger_path',
  folder,
];

function configure(config: object): void {
  writeFileSync(
    at('osquery.conf'),
    JSON.stringify({
      options: { schedule_splay_percent: 0, host_identifier: 'specified', specified_identifier: 'host-1' },
      ...config,
    }),
  );
}

function start(...more: string[]): ChildProcess {
  const child = spawn(process.execPath, [PROGRAM, ...flags(), ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  return child;
}

function lines(name: string): Record<string, unknown>[] {
  const text = existsSync(at(name)) ? readFileSync(at(name), 'utf8') : '';
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** Looks again and again until there is something. */
async function until<T>(look: () => T | undefined, what: string): Promise<T> {
  for (const deadline = Date.now() + LIMIT_MS; Date.now() < deadline; ) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(
    `${what} did not come; ${existsSync(at('osqueryd.INFO')) ? readFileSync(at('osqueryd.INFO'), 'utf8') : 'no status log'}`,
  );
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  child.kill(signal);
  const [code] = await once(child, 'exit');
  return code as number | null;
}

/** `PPid` of proc(5). */
function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

const changes = () =>
  lines('osqueryd.results.log')
    .filter(({ name }) => name === 'files')
    .map(({ action, columns, counter }) => `${counter} ${action} ${(columns as { filename: string }).filename}`);

test('logs what changed, over a restart and a kill', async () => {
  configure({
    schedule: {
      files: { query: `select filename from file where directory = '${at('watched')}' order by 1`, interval: 1 },
    },
  });
  writeFileSync(at('watched/a'), '');
  const first = start();
  await until(() => changes()[0], 'the first row');
  writeFileSync(at('watched/b'), '');
  await until(() => changes()[1], 'the second row');
  assert.equal(await end(first), 0);
  assert.deepEqual(changes(), ['0 added a', '1 added b']);
  assert.equal(existsSync(at('pid')), false);

  rmSync(at('watched/a'));
  const second = start();
  await until(() => changes()[2], 'the row that went');
  await end(second, 'SIGKILL');
  assert.deepEqual(changes().slice(2), ['2 removed a']);

  writeFileSync(at('watched/c'), '');
  const third = start();
  await until(() => changes()[3], 'the row that came');
  assert.equal(await end(third, 'SIGINT'), 0);
  assert.deepEqual(changes().slice(3), ['3 added c']);
});

test('snapshots, packs with discovery, decorators; a query that fails fails alone', async () => {
  configure({
    schedule: {
      snap: { query: "select 1 as a, 'x' as b", interval: 1, snapshot: true },
      bad: { query: 'select nope from time', interval: 1 },
    },
    packs: {
      yes: { discovery: ['select 1'], queries: { q: { query: 'select 7 as n, 1.5 as f', interval: 1 } } },
      no: { discovery: ['select 1 where 0'], queries: { q: { query: 'select 8 as n', interval: 1 } } },
    },
    decorators: { load: ["select 'v' as deco"], always: ["select 'w' as deco2"] },
  });
  const child = start('--logger_numerics');
  const [snapshot] = await until(
    () => (lines('osqueryd.snapshots.log').length > 1 ? lines('osqueryd.snapshots.log') : undefined),
    'two snapshots',
  );
  assert.deepEqual(snapshot!['snapshot'], [{ a: 1, b: 'x' }]);
  await until(() => lines('osqueryd.results.log')[0], 'a result');
  assert.equal(await end(child), 0);
  const [result, ...more] = readFileSync(at('osqueryd.results.log'), 'utf8').trimEnd().split('\n');
  assert.match(
    result!,
    /^\{"name":"pack_yes_q","hostIdentifier":"host-1","calendarTime":"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} UTC","unixTime":\d+,"epoch":0,"counter":0,"numerics":true,"decorations":\{"deco":"v","deco2":"w"\},"columns":\{"f":1\.5,"n":7\},"action":"added"\}$/,
  );
  assert.deepEqual(more, []);
  assert.match(readFileSync(at('osqueryd.ERROR'), 'utf8'), /Error executing scheduled query bad: no such column: nope/);
});

test('a second daemon is told who runs', async () => {
  configure({ schedule: {} });
  const child = start();
  await until(() => existsSync(at('pid')) && readFileSync(at('pid'), 'utf8') !== '', 'the pid file');
  const other = spawnSync(process.execPath, [PROGRAM, ...flags()], { encoding: 'utf8' });
  assert.equal(other.status, 1);
  assert.match(other.stderr, new RegExp(`a daemon runs already, process ${child.pid}`));
  const sameStore = spawnSync(process.execPath, [PROGRAM, ...flags(), '--pidfile', '/dev/null'], { encoding: 'utf8' });
  assert.equal(sameStore.status, 1);
  const holder = /process (\d+) has it/.exec(sameStore.stderr)?.[1];
  assert.equal(parentOf(Number(holder)), child.pid);
  await end(child, 'SIGKILL');
  // What the killed one left behind keeps nobody away.
  assert.equal(readFileSync(at('pid'), 'utf8'), String(child.pid));
  const next = start();
  await until(() => readFileSync(at('pid'), 'utf8') === String(next.pid), 'the next pid');
  assert.equal(await end(next), 0);
});

test('a query that never ends is stopped, and the others run', async () => {
  const endless = 'with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c';
  configure({
    options: { schedule_splay_percent: 0, query_timeout: 1 },
    schedule: {
      endless: { query: endless, interval: 3 },
      fine: { query: 'select 1 as a', interval: 1, snapshot: true },
    },
  });
  const child = start();
  await until(
    () =>
      existsSync(at('osqueryd.ERROR')) &&
      /query endless: .*longer than 1000 ms/.test(readFileSync(at('osqueryd.ERROR'), 'utf8')),
    'the end of the endless query',
  );
  const before = lines('osqueryd.snapshots.log').length;
  await until(() => lines('osqueryd.snapshots.log').length > before, 'another query after it');
  assert.equal(await end(child), 0);
});

test('--config_check', () => {
  const check = () => spawnSync(process.execPath, [PROGRAM, ...flags(), '--config_check'], { encoding: 'utf8' });
  configure({ schedule: { q: { query: 'select 1', interval: 10 } } });
  assert.deepEqual([check().status, check().stderr], [0, '']);
  configure({ schedule: { q: { query: '', interval: 10 } }, options: { no_such: 1 } });
  const wrong = check();
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /schedule|packs\.main\.queries\.q: has no query/);
  assert.match(wrong.stderr, /options\.no_such: no such flag/);
  rmSync(at('osquery.conf'));
  assert.match(check().stderr, /cannot be read: ENOENT/);
  assert.deepEqual(lines('osqueryd.results.log'), []);
});

test('--ephemeral with standard output leaves nothing behind', async () => {
  configure({ schedule: { q: { query: 'select 5 as n', interval: 1 } } });
  const child = start('--ephemeral', '--logger_plugin=stdout');
  const [text] = (await once(child.stdout!.setEncoding('utf8'), 'data')) as [string];
  assert.match(text, /osqueryd started|"columns":\{"n":"5"\}/);
  assert.equal(await end(child), 0);
  assert.equal(existsSync(at('db')), false);
  assert.equal(existsSync(at('pid')), false);
});
