/** Events over what happens to the daemon's configuration and files; heard with inotify, so that nobody needs be root. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, openSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonFolder, end } from './support/daemon.ts';

const FLAGS = ['--enable_file_events', '--disable_fanotify'];

const config = (paths: Record<string, string[]>) => ({
  schedule: {
    files: { query: "select action, target_path from file_events where action = 'CREATED'", interval: 1 },
    ready: { query: 'select name, active, events from osquery_events', interval: 1, snapshot: true },
  },
  file_paths: paths,
});

const created = (folder: DaemonFolder) =>
  folder
    .lines('osqueryd.results.log')
    .filter(({ name }) => name === 'files')
    .map(({ columns }) => (columns as { target_path: string }).target_path);

async function ready(folder: DaemonFolder): Promise<void> {
  const runs = () => folder.lines('osqueryd.snapshots.log').length;
  const before = runs();
  await folder.until(() => runs() > before + 1, 'two runs');
}

test('other paths in the configuration are watched from then on', async () => {
  using folder = new DaemonFolder();
  const [one, two] = [join(folder.path, 'one'), join(folder.path, 'two')];
  for (const path of [one, two]) mkdirSync(path);
  folder.configure(config({ first: [`${one}/%%`] }));
  const child = folder.start(...FLAGS, '--config_refresh=1');
  await ready(folder);
  writeFileSync(`${one}/a`, '');
  writeFileSync(`${two}/a`, '');
  await folder.until(() => created(folder).includes(`${one}/a`), 'the first file');
  folder.configure(config({ first: [`${one}/%%`], second: [`${two}/%%`] }));
  await folder.untilStatus(/The configuration is read[\s\S]*started, watches directories[\s\S]*/);
  await ready(folder);
  writeFileSync(`${two}/b`, '');
  await folder.until(() => created(folder).includes(`${two}/b`), 'a file of the second path');
  assert.deepEqual(created(folder), [`${one}/a`, `${two}/b`]);
  assert.equal(await end(child), 0);
});

test('damaged events are moved aside, and others are heard', async () => {
  using folder = new DaemonFolder();
  const top = join(folder.path, 'top');
  mkdirSync(top);
  folder.configure(config({ all: [`${top}/%%`] }));
  const first = folder.start(...FLAGS);
  await ready(folder);
  writeFileSync(`${top}/a`, '');
  await folder.until(() => created(folder).length === 1, 'a file');
  assert.equal(await end(first), 0);
  const database = readdirSync(folder.path, { recursive: true }).find((name) => String(name).endsWith('events.sqlite'));
  const fd = openSync(join(folder.path, String(database)), 'r+');
  writeSync(fd, 'this is no database', 0);
  const second = folder.start(...FLAGS);
  await folder.untilStatus(/events\.sqlite: damaged .* moved to .*events\.sqlite\.damaged-1/);
  await ready(folder);
  writeFileSync(`${top}/b`, '');
  await folder.until(() => created(folder).length === 2, 'another file');
  assert.deepEqual(created(folder), [`${top}/a`, `${top}/b`]);
  assert.equal(await end(second), 0);
});

test('a daemon that is killed, again and again: what it had kept comes once', async () => {
  using folder = new DaemonFolder();
  const top = join(folder.path, 'top');
  mkdirSync(top);
  folder.configure(config({ all: [`${top}/%%`] }));
  const made: string[] = [];
  for (let round = 0; round < 3; round++) {
    const child = folder.start(...FLAGS, '--disable_watchdog');
    await ready(folder);
    const before = folder.lines('osqueryd.snapshots.log').length;
    for (let i = 0; i < 50; i++) made.push(`${top}/${round}-${i}`);
    for (const path of made.slice(-50)) writeFileSync(path, '');
    const kept = () =>
      folder
        .lines('osqueryd.snapshots.log')
        .slice(before)
        .some(({ snapshot }) => (snapshot as { name: string; events: string }[]).some(isKept));
    await folder.until(kept, 'fifty files in the store');
    const killed = once(child, 'exit');
    child.kill('SIGKILL');
    await killed;
  }
  const last = folder.start(...FLAGS);
  await folder.until(() => created(folder).length >= made.length, 'all files');
  await ready(folder);
  assert.deepEqual(created(folder), made);
  assert.equal(await end(last), 0);
});

/** Fifty files are made and closed: two events each. */
const isKept = ({ name, events }: { name: string; events: string }) => name === 'file_events' && Number(events) >= 100;
