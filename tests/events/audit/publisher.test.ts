import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { HostError } from '../../../src/base/errors.ts';
import { type AuditOptions, AuditPublisher, type AuditSource } from '../../../src/events/audit/publisher.ts';
import { type AuditRule, encodeRule, keyOf, type ListedRule } from '../../../src/host/linux/audit-rule.ts';
import type { AuditEvent } from '../../../src/schema/audit-event.ts';

/** What the kernel has of audit, whoever asks. */
let kernel: {
  enabled: number;
  lost: number;
  pid: number;
  rules: ListedRule[];
  queue: ReturnType<AuditSource['receive']>[];
};
let running: number[];
let now: number;
let emitted: AuditEvent[];
let said: string[];
let opened: { readAlong: boolean; closed: boolean; asked: string[] }[];

const US = 500;
const OTHER = 700;

beforeEach(() => {
  kernel = { enabled: 0, lost: 7, pid: 0, rules: [], queue: [] };
  [running, now, emitted, said, opened] = [[US, OTHER], 0, [], [], []];
});

function open(readAlong: boolean): AuditSource {
  const state = { readAlong, closed: false, asked: [] as string[] };
  opened.push(state);
  const locked = () => {
    if (kernel.enabled === 2) throw new HostError('EPERM', 'netlink audit', 'request');
  };
  return {
    fd: opened.length,
    status() {
      state.asked.push('status');
      return { enabled: kernel.enabled, pid: kernel.pid, backlogLimit: 64, lost: kernel.lost, waitTime: 0 };
    },
    set({ pid, ...settings }) {
      state.asked.push(...Object.keys(settings), ...(pid === undefined ? [] : ['pid']));
      // Of a change there is a record, for which there may be no room where nobody is the daemon.
      if (kernel.pid === 0) kernel.lost += 1;
      if (Object.keys(settings).length > 0) locked();
      // A daemon that runs is not replaced.
      if (pid && kernel.pid !== 0 && kernel.pid !== US && running.includes(kernel.pid)) {
        throw new HostError('EEXIST', 'netlink audit', 'request');
      }
      kernel = { ...kernel, ...(pid !== undefined && { pid }), enabled: settings['enabled'] ?? kernel.enabled };
    },
    addRule(rule: AuditRule) {
      state.asked.push('rule');
      locked();
      const bytes = encodeRule(rule);
      if (!kernel.rules.some((one) => one.bytes.equals(bytes))) kernel.rules.push({ key: keyOf(bytes), bytes });
    },
    rules() {
      state.asked.push('rules');
      return [...kernel.rules];
    },
    removeRule({ bytes }) {
      locked();
      kernel.rules = kernel.rules.filter((one) => !one.bytes.equals(bytes));
    },
    receive: () => kernel.queue.shift(),
    [Symbol.dispose]: () => {
      state.closed = true;
    },
  };
}

function start(options: Partial<AuditOptions> = {}): AuditPublisher {
  return new AuditPublisher({
    open,
    options: {
      calls: ['execve', 'connect'],
      files: 'nothing',
      sockets: { failed: false, noClient: false, unix: false },
      allowConfig: true,
      clearRules: false,
      clearsAtEnd: false,
      persist: true,
      backlogLimit: 4096,
      backlogWait: 0,
      ...options,
    },
    pid: US,
    arch: 'x64',
    isRunning: (pid) => running.includes(pid),
    emit: (event) => emitted.push(event),
    now: () => now,
    startedAt: 0n,
    say: (_, message) => said.push(message),
  });
}

const other: AuditRule = { calls: [83], conditions: [['arch', '=', 0xc000003e]], key: 'other' };
const keys = () => kernel.rules.map(({ key }) => key).sort();
const later = (publisher: AuditPublisher) => {
  now += 1000;
  publisher.tick();
};

describe('the daemon', () => {
  test('is us where there is none, until we end', () => {
    const publisher = start();
    assert.deepEqual([kernel.pid, kernel.enabled, keys(), publisher.readsAlong], [US, 1, ['osquery-500'], false]);
    publisher.stop();
    assert.deepEqual([kernel.pid, kernel.enabled, keys()], [0, 0, []]);
    assert.ok(opened.every(({ closed }) => closed));
  });

  test('is us: what was lost before is not ours, and no answer is waited for where records come', () => {
    const publisher = start();
    assert.ok(kernel.lost > 7);
    later(publisher);
    assert.equal(publisher.counts.dropped['lost'], 0);
    assert.deepEqual(opened[publisher.fds[0]! - 1]!.asked, ['failure', 'backlogLimit', 'waitTime', 'pid']);
    kernel.lost += 3;
    later(publisher);
    assert.equal(publisher.counts.dropped['lost'], 3);
  });

  test('is another that runs: we read along, add rules and remove them', () => {
    kernel = { ...kernel, pid: OTHER, enabled: 1 };
    open(false).addRule(other);
    const publisher = start();
    assert.deepEqual([kernel.pid, keys(), publisher.readsAlong], [OTHER, ['osquery-500', 'other'], true]);
    assert.deepEqual(publisher.fds, [opened.findIndex(({ readAlong }) => readAlong) + 1]);
    publisher.stop();
    assert.deepEqual([kernel.pid, kernel.enabled, keys()], [OTHER, 1, ['other']]);
  });

  test('was one that was killed: we are it, and its rules go', () => {
    kernel = { ...kernel, pid: 600, enabled: 1 };
    open(false).addRule({ ...other, key: 'osquery-600' });
    open(false).addRule({ ...other, key: `osquery-${OTHER}` });
    const publisher = start();
    assert.deepEqual([kernel.pid, keys(), publisher.readsAlong], [US, ['osquery-500', 'osquery-700'], false]);
  });

  test('may not be touched: what others have set is heard', () => {
    kernel = { ...kernel, pid: OTHER, enabled: 1 };
    const publisher = start({ allowConfig: false });
    later(publisher);
    publisher.stop();
    assert.deepEqual([kernel.pid, kernel.enabled, keys(), said], [OTHER, 1, [], []]);
    // Without a daemon, too, records are there for those who read along.
    kernel = { ...kernel, pid: 0 };
    assert.equal(start({ allowConfig: false }).readsAlong, true);
    assert.deepEqual([kernel.pid, opened.at(-1)!.readAlong], [0, true]);
  });

  test('is lost and taken back, or not', () => {
    const publisher = start();
    kernel.pid = 0;
    publisher.tick();
    assert.equal(kernel.pid, 0);
    later(publisher);
    assert.deepEqual([kernel.pid, publisher.readsAlong], [US, false]);
    kernel.pid = OTHER;
    later(publisher);
    assert.deepEqual([kernel.pid, publisher.readsAlong], [OTHER, true]);
    running = [US];
    // It may be about to be started again.
    for (let check = 0; check < 19; check++) later(publisher);
    assert.deepEqual([kernel.pid, publisher.readsAlong], [OTHER, true]);
    later(publisher);
    assert.deepEqual([kernel.pid, publisher.readsAlong], [US, false]);
    assert.deepEqual(said, [
      'auditeventpublisher: there was no audit daemon any more: is the audit daemon from now on',
      'auditeventpublisher: process 700 has become the audit daemon: reads along from now on',
      'auditeventpublisher: there was no audit daemon any more: is the audit daemon from now on',
    ]);
    publisher.stop();
    assert.equal(opened.filter(({ closed }) => !closed).length, 0);

    const modest = start({ persist: false });
    kernel.pid = 0;
    later(modest);
    later(modest);
    assert.deepEqual([kernel.pid, modest.readsAlong, said.length], [0, true, 4]);
  });
});

describe('rules', () => {
  test('that were removed are set again, or not', () => {
    const publisher = start();
    kernel = { ...kernel, rules: [], enabled: 0 };
    later(publisher);
    assert.deepEqual([keys(), kernel.enabled], [['osquery-500'], 1]);
    assert.deepEqual(said, ['auditeventpublisher: rules were removed or audit was disabled; it is set again']);
    later(publisher);
    assert.equal(said.length, 1);
    publisher.stop();

    const modest = start({ persist: false });
    kernel.rules = [];
    later(modest);
    assert.deepEqual(keys(), []);
  });

  test('of others are removed first, if that is wanted', () => {
    open(false).addRule(other);
    start({ clearRules: true });
    assert.deepEqual(keys(), ['osquery-500']);
  });

  test('of others are removed at the end, too, if that is wanted', () => {
    open(false).addRule(other);
    start({ clearsAtEnd: true }).stop();
    assert.deepEqual(keys(), []);
  });

  test('that are locked stay as they are', () => {
    open(false).addRule(other);
    kernel.enabled = 2;
    const publisher = start();
    assert.deepEqual([keys(), kernel.pid], [['other'], US]);
    later(publisher);
    publisher.stop();
    assert.deepEqual([keys(), kernel.pid, kernel.enabled], [['other'], 0, 2]);
    assert.deepEqual(said, [
      'auditeventpublisher: audit is locked until the next boot; what its rules report is heard',
    ]);
  });
});

test('only what is wanted goes on, and what is lost is counted', () => {
  const publisher = start();
  const call = (serial: number, number: number, pid: number) => [
    { type: 1300, text: `audit(1.000:${serial}): arch=c000003e syscall=${number} success=yes exit=0 a0=3 pid=${pid}` },
    { type: 1320, text: `audit(1.000:${serial}): ` },
  ];
  kernel.queue = [
    { type: 2, text: '' },
    ...call(1, 59, 10),
    'overrun',
    ...call(2, 59, US),
    ...call(3, 83, 10),
    { type: 1300, text: 'no record' },
    { type: 1112, text: 'audit(1.000:4): pid=10' },
    undefined,
    ...call(5, 59, 11),
  ];
  assert.equal(publisher.read(), false);
  assert.deepEqual(
    emitted.map(({ serial }) => serial),
    [1, 4],
  );
  assert.equal(publisher.read(), false);
  assert.equal(emitted.length, 3);
  kernel.lost += 3;
  later(publisher);
  kernel.lost = 0;
  later(publisher);
  kernel.lost = 2;
  later(publisher);
  const dropped = { lost: 5, overrun: 1, malformed: 1, incomplete: 0, oversized: 0, untracked: 0 };
  assert.deepEqual(publisher.counts, { received: 10, events: 5, dropped });
});

test('keys of rules, after texts of other fields', () => {
  const bytes = encodeRule({ ...other, key: 'mine' });
  assert.equal(keyOf(bytes), 'mine');
  assert.equal(keyOf(bytes.subarray(0, 1040)), '');
  assert.equal(keyOf(Buffer.alloc(3)), '');
  // A watched directory comes first, `AUDIT_DIR` 107.
  const watch = Buffer.concat([bytes.subarray(0, 1040), Buffer.from('/etcmine')]);
  watch.writeUInt32LE(107, 268);
  watch.writeUInt32LE(4, 524);
  assert.equal(keyOf(watch), 'mine');
});
