/** Devices that change while a daemon without any flag of events runs, event by event. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { DaemonFolder, end } from './support/daemon.ts';

/** Loop devices are there without a file, and to say that one has changed does nothing to it. */
const DISKS = [0, 1, 2, 3].map((i) => `loop${i}`);

const QUERY = `select action, path, type from hardware_events where path like '/dev/loop%'`;

/** Has the kernel say that something happened to a disk, `Documentation/ABI/testing/sysfs-uevent`. */
function say(action: string, disk: string): void {
  writeFileSync(`/sys/block/${disk}/uevent`, action);
}

function canSay(t: TestContext): boolean {
  try {
    for (const disk of DISKS) say('change', disk);
    return true;
  } catch (cause) {
    t.skip(`no loop devices, or no rights to them: ${(cause as Error).message}`);
    return false;
  }
}

test('each once, in order, over a restart', async (t) => {
  if (!canSay(t)) return;
  using folder = new DaemonFolder();
  folder.configure({
    schedule: {
      disks: { query: QUERY, interval: 1 },
      sources: { query: 'select name, type, events, active from osquery_events', interval: 1, snapshot: true },
    },
  });
  const seen = () =>
    folder.lines('osqueryd.results.log').map(({ columns }) => {
      const { action, path, type } = columns as Record<string, string>;
      return `${action} ${path} ${type}`;
    });
  const expected: string[] = [];
  const run = (count: number) => {
    for (let i = 0; i < count; i++) {
      const [action, disk] = [i % 3 === 0 ? 'add' : 'change', DISKS[i % DISKS.length]!];
      say(action, disk);
      expected.push(`${action} /dev/${disk} disk`);
    }
  };
  const first = folder.start();
  await folder.until(() => folder.lines('osqueryd.snapshots.log')[0], 'a run');
  run(100);
  await folder.until(() => seen().length >= 100, 'a hundred events');
  const snapshot = await folder.until(() => {
    const rows = folder.lines('osqueryd.snapshots.log').at(-1)!['snapshot'] as Record<string, string>[];
    return rows.find(({ name, events }) => name === 'udev' && Number(events) >= 100);
  }, 'the count of them');
  assert.deepEqual([snapshot['type'], snapshot['active']], ['publisher', '1']);
  assert.equal(await end(first), 0);
  const runs = folder.lines('osqueryd.snapshots.log').length;
  const second = folder.start();
  await folder.until(() => folder.lines('osqueryd.snapshots.log').length > runs, 'a run after the restart');
  run(50);
  await folder.until(() => seen().length >= 150, 'fifty more');
  assert.equal(await end(second), 0);
  // udev, where it runs, may have workers that overtake each other.
  const order = (lines: string[]) => (existsSync('/run/udev/control') ? lines.sort() : lines);
  assert.deepEqual(order(seen()), order(expected));
});

test('not what is disabled: the type, the table, or all events', async (t) => {
  if (!canSay(t)) return;
  for (const [flag, events] of [
    ['--hardware_disabled_types=partition,disk', ['udev', 'hardware_events']],
    ['--disable_events', []],
  ] as const) {
    using folder = new DaemonFolder();
    folder.configure({
      schedule: {
        disks: { query: QUERY, interval: 1 },
        sources: { query: 'select name from osquery_events', interval: 1, snapshot: true },
      },
    });
    const daemon = folder.start(flag);
    const snapshots = () => folder.lines('osqueryd.snapshots.log');
    await folder.until(() => snapshots()[0], 'a run');
    for (const disk of DISKS) say('change', disk);
    const runs = snapshots().length;
    await folder.until(() => snapshots().length > runs + 1, 'two more runs');
    assert.equal(await end(daemon), 0);
    const names = (snapshots().at(-1)!['snapshot'] as { name: string }[]).map(({ name }) => name);
    assert.deepEqual(names.sort(), [...events].sort());
    assert.deepEqual(folder.lines('osqueryd.results.log'), []);
    assert.equal(existsSync(folder.at('db/events.sqlite')), events.length > 0);
  }
});
