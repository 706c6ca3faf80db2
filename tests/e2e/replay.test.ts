/** Recordings instead of the kernel: nobody needs be root, and what comes is always the same. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonFolder, end } from './support/daemon.ts';

const capture = (name: string) => join(import.meta.dirname, '../captures', `${name}.txt`);
const FLAGS = ['--disable_audit=false', '--enable_bpf_events', '--enable_syslog', '--enable_file_events'];

/** What a query logs of a recording, at least so many rows, in the order of the ids; `more`: the rest of the configuration. */
async function heard(recording: string, query: string, count: number, more: object = {}): Promise<string[]> {
  using folder = new DaemonFolder();
  folder.configure({ schedule: { q: { query, interval: 1 } }, ...more });
  const child = folder.start(...FLAGS, `--replay=${recording}`);
  const rows = () =>
    folder.lines('osqueryd.results.log').map(({ columns }) => Object.values(columns as object).join(' '));
  await folder.until(() => rows().length >= count, `${count} rows`);
  assert.equal(await end(child), 0);
  return rows();
}

test('records of audit, samples of eBPF, lines, messages and changes, each once', async () => {
  const programs = await heard(capture('audit-exec'), 'select cmdline from process_events', 1);
  assert.ok(programs.includes('/bin/true 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15'), String(programs));
  const sockets = await heard(capture('bpf-programs-and-sockets'), 'select syscall from bpf_socket_events', 16);
  assert.deepEqual([sockets.length, new Set(sockets)], [16, new Set(['connect', 'bind', 'listen', 'accept'])]);
  const lines = readFileSync(capture('syslog-rfc5424'), 'utf8').trimEnd().split('\n');
  assert.equal(
    (await heard(capture('syslog-rfc5424'), 'select tag from syslog_events', lines.length)).length,
    lines.length,
  );
  const devices = await heard(capture('udev-usb-built'), 'select distinct action from hardware_events', 1);
  assert.ok(devices.includes('add'));
  const files = { file_paths: { etc: ['/etc/%%'] } };
  const changed = await heard(capture('fanotify-etc'), 'select target_path from file_events', 2, files);
  assert.ok(changed.includes('/etc/hosts'), String(changed));
});

test('a recording that is cut or hostile costs what cannot be read, and is counted', async () => {
  using folder = new DaemonFolder();
  const records = readFileSync(capture('audit-exec'), 'latin1').split('\n');
  const hostile = folder.at('audit-hostile.txt');
  writeFileSync(
    hostile,
    [...records.slice(0, 40).reverse(), '\0\xff', '1300 audit(x', ...records].join('\n'),
    'latin1',
  );
  folder.configure({
    schedule: {
      q: { query: 'select cmdline from process_events', interval: 1 },
      drops: {
        query: "select drops from osquery_events where name = 'auditeventpublisher'",
        interval: 1,
        snapshot: true,
      },
    },
  });
  const child = folder.start(...FLAGS, `--replay=${hostile}`);
  await folder.untilStatus(/auditeventpublisher: \d+ lost \(malformed\)/);
  const drops = await folder.until(() => {
    const [row] = (folder.lines('osqueryd.snapshots.log').at(-1)?.['snapshot'] as { drops: string }[]) ?? [];
    return row && (JSON.parse(row.drops) as Record<string, number>)['malformed'];
  }, 'a count');
  assert.equal(drops, 1);
  assert.equal(await end(child), 0);
  copyFileSync(capture('audit-exec'), folder.at('something.txt'));
  const other = folder.start(...FLAGS, `--replay=${folder.at('something.txt')}`);
  await folder.untilStatus(/something\.txt: .*no recording is called so/);
  await end(other);
});
