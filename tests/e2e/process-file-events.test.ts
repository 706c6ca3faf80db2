/** What programs do with files while the daemon listens to the kernel's audit, event by event. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AUDIT, auditState, takeAudit } from './support/audit.ts';
import { DaemonFolder, end } from './support/daemon.ts';

/** Works in a folder that the shell is given; directories by descriptors are those of `rm -r` and Python. */
const SHELL = `
echo one > a; echo two >> a; cat a > b
mv b c; ln a hard; ln -s a soft; mkdir -p d/e; echo x > 'd/e/odd ü'; mkfifo pipe
truncate -s 1 a; rm -r d hard; cp a copy
echo no > skipped.tmp; echo no > ../elsewhere
exec 5> kept; (echo child >&5); echo parent >&5
`;

const PYTHON = `
import mmap, os
folder = os.open('.', os.O_RDONLY)
file = os.open('memory', os.O_CREAT | os.O_RDWR, dir_fd=folder)
os.ftruncate(file, 4)
view = mmap.mmap(file, 4)
os.close(file)
os.rename('memory', 'renamed', src_dir_fd=folder, dst_dir_fd=folder)
copy = os.dup(os.open('renamed', os.O_WRONLY))
os.pwrite(copy, b'x', 0)
os.unlink('renamed')
`;

test('each change of the files of file_paths, and nothing else', async (t) => {
  if (spawnSync('python3', ['--version']).status !== 0) return t.skip('no python3');
  if (!(await takeAudit(t))) return;
  using folder = new DaemonFolder();
  const before = auditState();
  const work = folder.at('watched/work');
  mkdirSync(work);
  const columns = 'operation, path, dest_path, executable, cwd, partial, pid, ppid, uid';
  folder.configure({
    schedule: { files: { query: `select ${columns} from process_file_events`, interval: 1 } },
    file_paths: { work: [`${work}/%%`] },
    exclude_paths: { work: [`${work}/%.tmp`] },
  });
  const daemon = folder.start(...AUDIT, '--audit_allow_fim_events', '--audit_allow_process_events=false');
  await folder.untilStatus(/started, is the audit daemon/);
  const run = (program: string, text: string) => {
    const { status, stderr } = spawnSync(program, ['-c', text], { cwd: work, encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
  };
  run('/bin/sh', SHELL);
  run('python3', PYTHON);
  const rows = () => folder.lines('osqueryd.results.log').map((line) => line['columns'] as Record<string, string>);
  await folder.until(() => rows().some((row) => row['path'] === `${work}/renamed`), 'the last change');
  await folder.until(() => rows().at(-1)!['operation'] === 'unlink', 'the last change');
  assert.equal(await end(daemon), 0);
  assert.deepEqual(auditState(), before);

  const name = (path: string) => path.replace(`${work}/`, '');
  const program = (path: string) => path.replace(/^.*\//, '').replace(/[0-9.]+$/, '');
  const short = ({ operation, path, dest_path, executable }: Row) =>
    [program(executable!), operation, name(path!), name(dest_path!)].filter(Boolean).join(' ');
  const shell = program(rows()[0]!['executable']!);
  assert.deepEqual(rows().map(short), [
    `${shell} open+truncate a`,
    `${shell} write a`,
    `${shell} write a`,
    `${shell} open+truncate b`,
    'cat write b',
    'mv rename b c',
    'ln link a hard',
    'ln symlink a soft',
    'mkdir mkdir d',
    'mkdir mkdir d/e',
    `${shell} open+truncate d/e/odd ü`,
    `${shell} write d/e/odd ü`,
    'mkfifo mknod pipe',
    'truncate write a',
    'rm unlink d/e/odd ü',
    'rm unlink d/e',
    'rm unlink d',
    'rm unlink hard',
    'cp create copy',
    'cp write copy',
    `${shell} open+truncate kept`,
    `${shell} write kept`,
    `${shell} write kept`,
    'python create memory',
    'python write memory',
    'python rename memory renamed',
    'python write renamed',
    'python unlink renamed',
  ]);
  const [first] = rows();
  assert.deepEqual([first!['cwd'], first!['partial'], first!['uid']], [work, 'false', '0']);
  assert.equal(first!['ppid'], String(process.pid));
  const kept = rows().filter(({ path, operation }) => path === `${work}/kept` && operation === 'write');
  assert.deepEqual([kept[0]!['ppid'], kept[1]!['ppid']], [kept[1]!['pid'], String(process.pid)]);
});

test('reads, and files that were opened before us, where they are wanted', async (t) => {
  if (!(await takeAudit(t))) return;
  using folder = new DaemonFolder();
  const work = folder.at('watched/work');
  mkdirSync(work);
  writeFileSync(join(work, 'read'), 'something');
  folder.configure({
    schedule: { files: { query: 'select operation, path, partial, executable from process_file_events', interval: 1 } },
    file_paths: { work: [`${work}/%`] },
  });
  // Waits with an open file until it is told to write.
  const early = spawn('/bin/sh', ['-c', 'exec 7> early; echo ready; read line; echo late >&7; read line'], {
    cwd: work,
  });
  t.after(() => early.kill('SIGKILL'));
  await once(early.stdout, 'data');
  const flags = ['audit_allow_fim_events', 'audit_fim_show_accesses', 'audit_show_partial_fim_events'];
  const daemon = folder.start(...AUDIT, ...flags.map((flag) => `--${flag}`), '--audit_fim_debug');
  await folder.untilStatus(/started, is the audit daemon/);
  spawnSync('/bin/cat', [join(work, 'read')]);
  early.stdin.write('\n');
  const rows = () =>
    folder
      .lines('osqueryd.results.log')
      .map((line) => line['columns'] as Record<string, string>)
      .map(({ operation, path, partial }) => `${operation} ${path!.replace(`${work}/`, '')} ${partial}`);
  await folder.until(() => rows().includes('write early true'), 'the late line');
  assert.deepEqual(rows(), ['open read false', 'read read false', 'close read false', 'write early true']);
  await folder.untilStatus(/process_file_events: write \S+early: write of process \d+, \{"kind":"use","descriptor":1,/);
  assert.equal(await end(daemon), 0);
});

type Row = Readonly<Record<string, string>>;
