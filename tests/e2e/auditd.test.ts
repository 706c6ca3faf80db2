/**
 * Beside the audit daemon of Linux (the package `auditd`): it stays what it is, with its rules, and we hear what it hears.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { auditArchitecture, callNumber } from '../../src/base/audit-syscalls.ts';
import type { AuditRule } from '../../src/host/linux/audit-rule.ts';
import { AuditSocket } from '../../src/host/linux/audit-socket.ts';
import { AUDIT, auditState, takeAudit } from './support/audit.ts';
import { childrenOf, DaemonFolder, end } from './support/daemon.ts';

/** Where it is, if it is installed. */
const AUDITD = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']
  .map((folder) => join(folder, 'auditd'))
  .find(existsSync);

/** `auditd.conf(5)`: nothing that depends on the machine. */
const CONFIGURATION = (folder: string) => `
local_events = yes
write_logs = yes
log_file = ${folder}/audit.log
log_format = RAW
flush = NONE
max_log_file = 8
max_log_file_action = IGNORE
num_logs = 0
space_left = 2
space_left_action = IGNORE
admin_space_left = 1
admin_space_left_action = IGNORE
disk_full_action = IGNORE
disk_error_action = IGNORE
plugin_dir = ${folder}/plugins.d
`;

/** A rule that has nothing to do with us. */
const OTHERS: AuditRule = {
  calls: [callNumber('mkdirat', process.arch)!],
  conditions: [['arch', '=', auditArchitecture(process.arch)!]],
  key: 'others',
};

function rules(): string[] {
  using socket = new AuditSocket();
  return socket
    .rules()
    .map(({ key }) => key.replace(/\d+$/, 'N'))
    .sort();
}

function setRule(): void {
  using socket = new AuditSocket();
  socket.addRule(OTHERS);
}

function removeRules(): void {
  using socket = new AuditSocket();
  for (const rule of socket.rules()) socket.removeRule(rule);
}

function startAuditd(t: TestContext, folder: DaemonFolder): ChildProcess {
  const path = folder.at('auditd');
  mkdirSync(join(path, 'plugins.d'), { recursive: true });
  writeFileSync(join(path, 'auditd.conf'), CONFIGURATION(path));
  chmodSync(join(path, 'auditd.conf'), 0o640);
  const child = spawn(AUDITD!, ['-n', '-s', 'enable', '-c', path], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

/** Leaves audit as it was, whatever happens. */
function restore(t: TestContext): void {
  const { enabled } = auditState();
  t.after(() => {
    removeRules();
    using socket = new AuditSocket();
    socket.set({ enabled });
  });
}

const mark = `osquery-beside-${process.pid}`;
const QUERY = { query: `select cmdline from process_events where cmdline like '%${mark}%'`, interval: 1 };
const seen = (folder: DaemonFolder) =>
  folder
    .lines('osqueryd.results.log')
    .map((line) => (line['columns'] as { cmdline: string }).cmdline.split(' ').at(-1));
const say = (word: string) => void spawnSync('/bin/echo', [mark, word]);

test('beside auditd: it stays the daemon, and what it hears is heard', async (t) => {
  if (AUDITD === undefined) return t.skip('auditd is not installed');
  if (!(await takeAudit(t))) return;
  restore(t);
  using folder = new DaemonFolder();
  const auditd = startAuditd(t, folder);
  await folder.until(() => auditState().pid === auditd.pid, 'auditd');
  setRule();
  folder.configure({ schedule: { execs: QUERY } });
  const daemon = folder.start(...AUDIT);
  await folder.untilStatus(/started, reads along with the audit daemon/);
  assert.deepEqual(rules(), ['osquery-N', 'others']);
  for (let i = 0; i < 50; i++) say(String(i));
  await folder.until(() => seen(folder).length >= 50, 'fifty programs');
  assert.deepEqual(
    seen(folder),
    Array.from({ length: 50 }, (_, i) => String(i)),
  );
  await folder.until(() => folder.read('auditd/audit.log').includes(`a1="${mark}"`), 'the same in its log');

  // Others remove all rules before they set theirs, as augenrules does.
  removeRules();
  setRule();
  await folder.untilStatus(/rules were removed or audit was disabled; it is set again/);
  assert.deepEqual(rules(), ['osquery-N', 'others']);
  say('again');
  await folder.until(() => seen(folder).at(-1) === 'again', 'the next program');
  assert.equal(auditState().pid, auditd.pid);

  assert.equal(await end(daemon), 0);
  assert.deepEqual([rules(), auditState()], [['others'], { enabled: 1, pid: auditd.pid }]);
  await end(auditd);
});

test('auditd ends and comes again: its place is taken, and not given back while we run', async (t) => {
  if (AUDITD === undefined) return t.skip('auditd is not installed');
  if (!(await takeAudit(t))) return;
  restore(t);
  using folder = new DaemonFolder();
  const first = startAuditd(t, folder);
  await folder.until(() => auditState().pid === first.pid, 'auditd');
  folder.configure({ schedule: { execs: QUERY } });
  const daemon = folder.start(...AUDIT);
  await folder.untilStatus(/started, reads along with the audit daemon/);
  say('one');
  await folder.until(() => seen(folder).includes('one'), 'the first program');
  await end(first);
  await folder.untilStatus(/no audit daemon any more: is the audit daemon from now on/);
  say('two');
  await folder.until(() => seen(folder).includes('two'), 'the second program');
  const worker = auditState().pid;
  assert.ok(childrenOf(daemon.pid!).includes(worker));
  // The kernel does not replace one that hears it.
  const second = startAuditd(t, folder);
  const [code] = await once(second, 'exit');
  assert.notEqual(code, 0);
  assert.equal(auditState().pid, worker);
  say('three');
  await folder.until(() => seen(folder).includes('three'), 'the third program');
  assert.deepEqual(seen(folder), ['one', 'two', 'three']);
  assert.equal(await end(daemon), 0);
  assert.deepEqual(rules(), []);
});

test('rules of others go if that is wanted', async (t) => {
  if (!(await takeAudit(t))) return;
  restore(t);
  using folder = new DaemonFolder();
  setRule();
  folder.configure({ schedule: { execs: QUERY } });
  const daemon = folder.start(...AUDIT, '--audit_force_reconfigure', '--audit_debug');
  await folder.untilStatus(/started, is the audit daemon/);
  assert.deepEqual(rules(), ['osquery-N']);
  say('one');
  await folder.until(() => seen(folder)[0] === 'one', 'a program');
  await folder.untilStatus(new RegExp(`auditeventpublisher: 1309 audit\\(.*a1="${mark}"`));
  assert.equal(await end(daemon), 0);
  assert.deepEqual(rules(), []);
});
