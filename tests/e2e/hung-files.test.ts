/** Files that never answer, in watched places: what is heard meanwhile, what is said and counted, how the daemon ends. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonFolder, end } from './support/daemon.ts';
import { deadMount } from './support/dead-mount.ts';
import { type Cells, heard, watching } from './support/file-events.ts';

const FILES = 'target_path, action, size, hashed';
/** What the issue asks for, of the log and of the end. */
const SAID_MS = 10_000;
const END_MS = 2000;
/** That a process starts, or a timer is late, on a busy machine. */
const SLACK_MS = 2000;

for (const [name, flags] of [
  ['fanotify', []],
  ['inotify', ['--disable_fanotify']],
] as const) {
  test(`${name}: a watched file leads to where nobody answers: all else is told, the place is named and left alone`, async (t) => {
    using folder = new DaemonFolder();
    const [top, dead] = [folder.at('top'), folder.at('dead')];
    for (const path of [top, dead]) mkdirSync(path);
    const mount = await deadMount(t, dead);
    if (mount === undefined) return;
    const child = start(folder, mount.pid, [`${top}/%%`], flags);
    await watching(folder);
    writeFileSync(`${top}/before`, 'content');
    await created(folder, `${top}/before`);
    const began = performance.now();
    symlinkSync(`${dead}/file`, `${top}/link`);
    writeFileSync(`${top}/meanwhile`, 'content');
    spawnSync('/bin/true', ['while it hangs']);
    await folder.until(() => programs(folder).includes('while it hangs'), 'a program, while a file hangs');
    await folder.untilStatus(new RegExp(`inotify: (open|stat) ${top}/link does not return .* ${dead} is left alone`));
    assert.ok(performance.now() - began < SAID_MS + SLACK_MS, `said after ${performance.now() - began} ms`);
    // It is told, without what only the file knows; and what came while nobody looked.
    const { size, hashed } = await created(folder, `${top}/link`);
    assert.deepEqual([size, hashed], ['', '-1']);
    assert.equal((await created(folder, `${top}/meanwhile`)).hashed, '1');
    writeFileSync(`${top}/after`, 'content');
    await created(folder, `${top}/after`);
    const [state] = await folder.until(() => lost(folder), 'the count of what was lost');
    assert.equal(state!['active'], '1');
    // Another link to the same place hangs nobody.
    symlinkSync(`${dead}/other`, `${top}/again`);
    await created(folder, `${top}/again`);
    writeFileSync(`${top}/last`, 'content');
    await created(folder, `${top}/last`);
    for (const path of ['before', 'link', 'after', 'last']) {
      assert.equal(files(folder, `${top}/${path}`).length, 1, path);
    }
    await endsAtOnce(child);
  });
}

test('a mount below a pattern does not answer from the start: the daemon starts, and ends while it hangs', async (t) => {
  using folder = new DaemonFolder();
  const top = folder.at('top');
  const dead = join(top, 'dead');
  mkdirSync(dead, { recursive: true });
  const mount = await deadMount(t, dead);
  if (mount === undefined) return;
  const first = start(folder, mount.pid, [`${top}/%%`]);
  await watching(folder);
  spawnSync('/bin/true', ['from the start']);
  await folder.until(() => programs(folder).includes('from the start'), 'a program');
  await endsAtOnce(first);
  const second = start(folder, mount.pid, [`${top}/%%`]);
  await watching(folder);
  writeFileSync(`${top}/file`, 'content');
  await folder.untilStatus(new RegExp(`inotify: \\w+ ${dead} does not return .* ${dead} is left alone`));
  await created(folder, `${top}/file`);
  await endsAtOnce(second);
});

test('rules of YARA that nobody gives: their group is put aside, the others scan, and the daemon ends', async (t) => {
  using folder = new DaemonFolder();
  const [top, dead] = [folder.at('top'), folder.at('dead')];
  for (const path of [top, dead]) mkdirSync(path);
  const mount = await deadMount(t, dead);
  if (mount === undefined) return;
  writeFileSync(folder.at('good.yar'), 'rule found { strings: $a = "needle" condition: $a }');
  folder.configure({
    schedule: { found: { query: 'select target_path, matches from yara_events', interval: 1 } },
    file_paths: { all: [`${top}/%%`] },
    yara: {
      signatures: { good: [folder.at('good.yar')], far: [`${dead}/far.yar`] },
      file_paths: { all: ['far', 'good'] },
    },
  });
  const child = folder.startAmong(mount.pid, '--enable_file_events', '--disable_watchdog');
  await folder.untilStatus(/inotify: started/);
  const began = performance.now();
  await folder.untilStatus(
    new RegExp(`yara: group far is put aside: to compile it \\w+ ${dead}/far.yar does not return .* ${dead} is left`),
  );
  assert.ok(performance.now() - began < SAID_MS + SLACK_MS, `said after ${performance.now() - began} ms`);
  writeFileSync(`${top}/file`, 'a needle');
  const [match] = await folder.until(() => (heard(folder, 'found')[0] ? heard(folder, 'found') : undefined), 'a match');
  assert.deepEqual(match, { target_path: `${top}/file`, matches: 'found' });
  await endsAtOnce(child);
});

function start(folder: DaemonFolder, mounts: number, paths: string[], flags: readonly string[] = []): ChildProcess {
  folder.configure({
    schedule: {
      file_events: { query: `select ${FILES} from file_events`, interval: 1 },
      programs: { query: "select cmdline from bpf_process_events where path like '%/true'", interval: 1 },
      lost: {
        query: "select active, drops from osquery_events where name = 'inotify' and dropped > 0",
        interval: 1,
        snapshot: true,
      },
      ready: { query: 'select 1', interval: 1, snapshot: true },
    },
    file_paths: { all: paths },
  });
  return folder.startAmong(mounts, '--enable_file_events', '--disable_watchdog', ...flags);
}

const programs = (folder: DaemonFolder) =>
  heard(folder, 'programs')
    .map(({ cmdline }) => cmdline!)
    .join('\n');

function files(folder: DaemonFolder, path: string): Cells[] {
  return heard(folder, 'file_events').filter((row) => row['target_path'] === path && row['action'] === 'CREATED');
}

function created(folder: DaemonFolder, path: string): Promise<Cells> {
  return folder.until(() => files(folder, path)[0], path);
}

/** As `osquery_events` has it, once something hung. */
function lost(folder: DaemonFolder): Cells[] | undefined {
  return folder
    .lines('osqueryd.snapshots.log')
    .filter((line) => line['name'] === 'lost')
    .map(({ snapshot }) => snapshot as Cells[])
    .find(([row]) => /"hung":[1-9]/.test(row?.['drops'] ?? ''));
}

async function endsAtOnce(child: ChildProcess): Promise<void> {
  const began = performance.now();
  assert.equal(await end(child), 0);
  assert.ok(performance.now() - began < END_MS + SLACK_MS, `ended after ${performance.now() - began} ms`);
}
