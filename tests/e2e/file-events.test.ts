/** Changes of files while the daemon watches them, with fanotify and with inotify, compared with what was done. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DaemonFolder, end } from './support/daemon.ts';
import { askEachSecond, type Cells, heard, watching } from './support/file-events.ts';

const FILES = 300;

for (const [name, flags] of [
  ['fanotify', []],
  ['inotify', ['--disable_fanotify']],
] as const) {
  test(`${name}: what is made, changed, moved and deleted, each once`, async (t) => {
    if (!canHear(t, name)) return;
    using folder = new DaemonFolder();
    const top = join(folder.path, 'watched');
    const outside = join(folder.path, 'outside');
    for (const path of [`${top}/deep/er`, `${top}/left/out`, outside]) mkdirSync(path, { recursive: true });
    symlinkSync(outside, `${folder.path}/link`);
    configure(folder, {
      file_paths: { tree: [`${top}/%%`], linked: [`${folder.path}/link/%`], user: [`${folder.path}/home/%/.ssh/%%`] },
      exclude_paths: { tree: [`${top}/left/%%`] },
    });
    const child = folder.start('--enable_file_events', ...flags, '--logger_min_stderr=2');
    await folder.untilStatus(/inotify: started/);
    await watching(folder);
    const content = (i: number) => `content of ${i}`;
    for (let i = 0; i < FILES; i++) writeFileSync(`${top}/deep/er/${i}`, content(i));
    for (let i = 0; i < FILES; i += 3) renameSync(`${top}/deep/er/${i}`, `${top}/deep/moved-${i}`);
    for (let i = 1; i < FILES; i += 3) rmSync(`${top}/deep/er/${i}`);
    mkdirSync(`${top}/new/a/b`, { recursive: true });
    for (let i = 0; i < 20; i++) writeFileSync(`${top}/new/a/b/${i}`, 'x');
    mkdirSync(`${folder.path}/home/joe/.ssh`, { recursive: true });
    writeFileSync(`${folder.path}/home/joe/.ssh/authorized_keys`, 'key');
    writeFileSync(`${folder.path}/home/joe/other`, 'not watched');
    writeFileSync(`${top}/left/out/x`, 'excluded');
    writeFileSync(`${outside}/y`, 'through a link');
    writeFileSync(`${top}/.hidden`, '');
    const rows = () => seen(folder);
    const of = (action: string, path: string) =>
      rows().filter((row) => row['action'] === action && row['target_path'] === path);
    await folder.until(() => of('CREATED', `${top}/.hidden`)[0], 'the last one');
    for (let i = 0; i < FILES; i++) {
      const path = `${top}/deep/er/${i}`;
      assert.equal(of('CREATED', path).length, 1, `${path} created`);
      assert.ok(of('UPDATED', path).length <= 2, `${path} updated`);
      assert.equal(of('DELETED', path).length, i % 3 === 1 ? 1 : 0, `${path} deleted`);
      const [from, to] = [of('MOVED_FROM', path), of('MOVED_TO', `${top}/deep/moved-${i}`)];
      assert.deepEqual([from.length, to.length], i % 3 === 0 ? [1, 1] : [0, 0], `${path} moved`);
      if (i % 3 === 0) assert.equal(from[0]!['transaction_id'], to[0]!['transaction_id']);
      assert.equal(of('CREATED', path)[0]!['pid'], name === 'fanotify' ? String(process.pid) : '', `who made ${path}`);
    }
    for (let i = 0; i < 20; i++) assert.equal(of('CREATED', `${top}/new/a/b/${i}`).length, 1);
    assert.equal(of('CREATED', `${folder.path}/home/joe/.ssh/authorized_keys`)[0]!['category'], 'user');
    assert.equal(of('CREATED', `${folder.path}/link/y`)[0]!['category'], 'linked');
    assert.deepEqual(
      rows().filter(({ target_path }) => /out\/x|joe\/other|outside/.test(target_path!)),
      [],
    );

    // A file that stays: what is told of it is true.
    writeFileSync(`${top}/true`, 'first');
    await folder.until(() => last(rows(), `${top}/true`)?.['size'] === '5', 'the first content');
    appendFileSync(`${top}/true`, ' second');
    chmodSync(`${top}/true`, 0o640);
    await folder.until(() => of('ATTRIBUTES_MODIFIED', `${top}/true`)[0], 'its attributes');
    const [changed] = of('UPDATED', `${top}/true`).slice(-1);
    const digest = (algorithm: string) => createHash(algorithm).update('first second').digest('hex');
    assert.deepEqual(
      [changed!['md5'], changed!['sha1'], changed!['sha256'], changed!['hashed'], changed!['size']],
      [digest('md5'), digest('sha1'), digest('sha256'), '1', '12'],
    );
    assert.equal(of('ATTRIBUTES_MODIFIED', `${top}/true`)[0]!['mode'], '0640');

    // A tree that goes as a whole, and comes again.
    rmSync(`${top}/new`, { recursive: true });
    mkdirSync(`${top}/new/a`, { recursive: true });
    writeFileSync(`${top}/new/a/again`, '');
    await folder.until(() => of('CREATED', `${top}/new/a/again`)[0], 'the tree again');
    for (let i = 0; i < 20; i++) assert.equal(of('DELETED', `${top}/new/a/b/${i}`).length, 1, `${i} of the tree`);
    for (const path of ['new', 'new/a', 'new/a/b']) assert.equal(of('DELETED', `${top}/${path}`).length, 1, path);

    // A directory that is moved: what happens in it then has its new path.
    renameSync(`${top}/new`, `${top}/newer`);
    writeFileSync(`${top}/newer/a/after`, '');
    await folder.until(() => of('CREATED', `${top}/newer/a/after`)[0], 'a file in the directory that was moved');
    assert.equal(await end(child), 0);
  });
}

test('files that are read, where the configuration wants to know', async (t) => {
  if (!canHear(t, 'inotify')) return;
  using folder = new DaemonFolder();
  const path = join(folder.path, 'secret');
  writeFileSync(path, 'secret');
  configure(folder, { file_paths: { secrets: [path] }, file_accesses: ['secrets'] });
  const child = folder.start('--enable_file_events');
  await watching(folder);
  assert.equal(readFileSync(path, 'utf8'), 'secret');
  await folder.until(() => seen(folder).some(({ action }) => action === 'ACCESSED'), 'the access');
  const [opened] = seen(folder);
  assert.deepEqual([opened!['action'], opened!['target_path'], opened!['hashed']], ['OPENED', path, '0']);
  assert.equal(await end(child), 0);
});

test('files that a query finds, until a new configuration has another', async () => {
  using folder = new DaemonFolder();
  for (const name of ['a', 'b']) mkdirSync(join(folder.path, name));
  const rules = (name: string) => ({
    file_paths: { written: [`${folder.path}/written/%`] },
    file_paths_query: {
      found: [`select '${folder.path}/${name}/%' as path from osquery_info`, 'select path from nowhere'],
    },
  });
  configure(folder, rules('a'));
  const child = folder.start('--enable_file_events', '--disable_fanotify');
  await folder.untilStatus(/file_paths_query.found: no such table: nowhere/);
  await watching(folder);
  writeFileSync(join(folder.path, 'a/first'), '');
  await folder.until(() => seen(folder).some(({ target_path }) => target_path!.endsWith('a/first')), 'the first file');
  configure(folder, rules('b'));
  child.kill('SIGHUP');
  await folder.untilStatus(/The configuration is read: /);
  await watching(folder);
  writeFileSync(join(folder.path, 'a/second'), '');
  writeFileSync(join(folder.path, 'b/third'), '');
  await folder.until(() => seen(folder).some(({ target_path }) => target_path!.endsWith('b/third')), 'the third file');
  const paths = seen(folder).map(({ target_path, category }) => `${category} ${target_path}`);
  assert.deepEqual([...new Set(paths)], [`found ${folder.path}/a/first`, `found ${folder.path}/b/third`]);
  assert.equal(await end(child), 0);
});

test('an overflow is said, and what changed is looked for', async (t) => {
  if (!canHear(t, 'fanotify')) return;
  using folder = new DaemonFolder();
  const top = join(folder.path, 'tree');
  mkdirSync(top);
  configure(folder, { file_paths: { tree: [`${top}/%%`] } });
  const child = folder.start('--enable_file_events', '--disable_watchdog');
  await watching(folder);
  // The kernel keeps 16,384 events for us: more come while the agent does not run.
  process.kill(child.pid!, 'SIGSTOP');
  for (let i = 0; i < 30_000; i++) writeFileSync(`${top}/${i}`, '');
  process.kill(child.pid!, 'SIGCONT');
  const created = () => new Set(seen(folder).map(({ target_path }) => target_path));
  await folder.untilStatus(/the kernel lost events/);
  await folder.until(() => created().size === 30_000, 'all files');
  assert.equal(await end(child), 0);
});

test('a pattern that every directory of the machine fits, twenty deep: the daemon starts, and hears', async (t) => {
  if (!canHear(t, 'fanotify')) return;
  using folder = new DaemonFolder();
  const top = join(folder.path, 'top');
  mkdirSync(top);
  configure(folder, { file_paths: { all: ['/%%'.repeat(20)], top: [`${top}/%`] } });
  const child = folder.start('--enable_file_events', '--disable_watchdog');
  await watching(folder);
  await folder.untilStatus(/inotify: started/);
  writeFileSync(`${top}/file`, '');
  await folder.until(() => seen(folder).some(({ target_path }) => target_path === `${top}/file`), 'the file');
  assert.equal(await end(child), 0);
});

/** Whether the source can be used; else the test is skipped, and says why. */
function canHear(t: TestContext, source: string): boolean {
  const can = source === 'inotify' || process.getuid!() === 0;
  if (!can) t.skip(`${source} needs root`);
  return can;
}

function configure(folder: DaemonFolder, sections: object): void {
  askEachSecond(
    folder,
    'file_events',
    'target_path, category, action, transaction_id, size, mode, md5, sha1, sha256, hashed, pid',
    sections,
  );
}

function seen(folder: DaemonFolder): Cells[] {
  return heard(folder, 'file_events');
}

function last(rows: readonly Cells[], path: string): Cells | undefined {
  return rows.filter(({ target_path }) => target_path === path).at(-1);
}
