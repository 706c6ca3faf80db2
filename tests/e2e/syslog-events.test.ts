/** Messages of syslog that a writer passes to a daemon by its pipe, line by line. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DaemonFolder, end } from './support/daemon.ts';

const GUIDE = join(import.meta.dirname, '../../docs/guides/syslog-and-hardware-events.md');

function canRead(t: TestContext): boolean {
  // The mode of the pipe lets syslog write, and us read: who is not root may not open it for both.
  if (process.getuid!() !== 0) t.skip('not root');
  return process.getuid!() === 0;
}

function start(folder: DaemonFolder, ...more: string[]) {
  return folder.start('--enable_syslog', '--syslog_pipe_path', folder.at('pipe'), '--logger_min_stderr=2', ...more);
}

const line = (message: string) => `"2026-11-24T02:48:08+00:00","vm","6","daemon","test[1]:"," ${message}"\n`;
const messages = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `message ${from + i}, "" ü`);

/** Writes as syslog does: each line with one call, which is not mixed with those of others (`pipe(7)`). */
function write(path: string, lines: readonly string[]): void {
  const fd = openSync(path, 'w');
  for (const text of lines) writeSync(fd, text);
  closeSync(fd);
}

const quoted = (texts: readonly string[]) => texts.map((text) => text.replace('""', '"'));

test('each once, over a restart, also what came last', async (t) => {
  if (!canRead(t)) return;
  using folder = new DaemonFolder();
  const query = 'select datetime, host, severity, facility, tag, message from syslog_events';
  folder.configure({ schedule: { lines: { query, interval: 1 } } });
  const rows = () => folder.lines('osqueryd.results.log').map(({ columns }) => columns as Record<string, string>);
  const flags = ['--syslog_rate_limit=100000'];
  const first = start(folder, ...flags);
  await folder.untilStatus(/syslog: reads from/);
  assert.equal((statSync(folder.at('pipe')).mode & 0o7777).toString(8), '460');
  write(folder.at('pipe'), messages(0, 2000).map(line));
  await folder.until(() => rows().length >= 2000, 'two thousand messages');
  write(folder.at('pipe'), messages(2000, 2100).map(line));
  // What it has not looked at yet is stored at its end.
  assert.equal(await end(first), 0);
  const second = start(folder, ...flags);
  await folder.untilStatus(/(syslog: reads from[\s\S]*){2}/);
  write(folder.at('pipe'), messages(2100, 2200).map(line));
  await folder.until(() => rows().length >= 2200, 'the others');
  assert.equal(await end(second), 0);
  assert.deepEqual(
    rows().map(({ message }) => message),
    quoted(messages(0, 2200)),
  );
  const { message: _, ...others } = rows()[0]!;
  assert.deepEqual(others, {
    datetime: '2026-11-24T02:48:08+00:00',
    host: 'vm',
    severity: '6',
    facility: 'daemon',
    tag: 'test[1]',
  });
});

test('beyond the limit, lines are counted as lost; so are those that are none', async (t) => {
  if (!canRead(t)) return;
  using folder = new DaemonFolder();
  folder.configure({
    schedule: { lines: { query: 'select message from syslog', interval: 1, removed: false } },
  });
  const daemon = start(folder, '--syslog_rate_limit=1');
  await folder.untilStatus(/syslog: reads from/);
  // With one call, so that they are all of one second.
  write(folder.at('pipe'), ['nonsense\n', messages(0, 100).map(line).join('')]);
  await folder.untilStatus(/syslog: \d+ lost \(rate\)/);
  await folder.untilStatus(/syslog: 1 lost \(malformed\)/);
  const [, lost] = /syslog: (\d+) lost \(rate\)/.exec(folder.status)!;
  const rows = () =>
    folder.lines('osqueryd.results.log').map(({ columns }) => (columns as { message: string }).message);
  await folder.until(() => rows().length + Number(lost) === 100, 'the others');
  assert.deepEqual(rows(), quoted(messages(0, rows().length)));
  assert.ok(rows().length <= 10);
  // A second daemon is told that somebody reads.
  using other = new DaemonFolder();
  other.configure({ schedule: {} });
  const another = other.start('--enable_syslog', '--syslog_pipe_path', folder.at('pipe'));
  await other.untilStatus(/pipe: another program reads from it/);
  assert.equal(await end(another), 0);
  assert.equal(await end(daemon), 0);
});

test('what is no pipe is said, and left alone', async (t) => {
  if (!canRead(t)) return;
  using folder = new DaemonFolder();
  folder.configure({ schedule: {} });
  const daemon = folder.start('--enable_syslog', '--syslog_pipe_path', folder.at('osquery.conf'));
  await folder.untilStatus(/syslog: \S+ is no named pipe/);
  assert.equal(await end(daemon), 0);
  const absent = folder.start('--enable_syslog', '--syslog_pipe_path', folder.at('none/pipe'));
  await folder.untilStatus(/syslog: make \S+: ENOENT/);
  assert.equal(await end(absent), 0);
});

test('rsyslog, as the guide has it', async (t) => {
  if (!canRead(t)) return;
  if (spawnSync('rsyslogd', ['-v']).error !== undefined) return t.skip('no rsyslogd');
  using folder = new DaemonFolder();
  const query = 'select severity, facility, tag, message from syslog_events';
  folder.configure({ schedule: { lines: { query, interval: 1 } } });
  const daemon = start(folder);
  await folder.untilStatus(/syslog: reads from/);
  const guide = readFileSync(GUIDE, 'utf8');
  const snippet = /```rsyslog\n([^`]+)```/.exec(guide)![1]!.replace('/var/osquery/syslog_pipe', folder.at('pipe'));
  const input = `module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="${folder.at('log')}")\n`;
  writeFileSync(folder.at('rsyslog.conf'), `global(workDirectory="${folder.path}")\n${input}${snippet}`);
  const rsyslog = spawn('rsyslogd', ['-n', '-i', folder.at('rsyslog.pid'), '-f', folder.at('rsyslog.conf')]);
  try {
    await folder.until(() => existsSync(folder.at('log')), 'the socket of rsyslog');
    const log = (...args: string[]) => spawnSync('logger', ['-u', folder.at('log'), ...args]);
    for (let i = 0; i < 50; i++) log('-p', 'auth.warning', '-t', `sshd[${i}]`, `"quoted", and ü ${i}`);
    const rows = () => folder.lines('osqueryd.results.log').map(({ columns }) => columns);
    // rsyslog tells of itself, too.
    const ours = () => rows().filter((row) => (row as { tag: string }).tag.startsWith('sshd'));
    await folder.until(() => ours().length >= 50, 'fifty messages');
    const message = (i: number) => ({
      severity: '4',
      facility: 'auth',
      tag: `sshd[${i}]`,
      message: `"quoted", and ü ${i}`,
    });
    assert.deepEqual(
      ours(),
      Array.from({ length: 50 }, (_, i) => message(i)),
    );
  } finally {
    await end(rsyslog);
  }
  assert.equal(await end(daemon), 0);
});
