/** Files of every kind, held against find, stat, sha256sum and getcap. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask, askWhole, asRoot, needs, run } from './support/ask.ts';

describe('a tree of everything', () => {
  let root = '';
  const at = (path: string) => join(root, path);

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'osquery-files-'));
    chmodSync(root, 0o755);
    mkdirSync(at('deep/er/still'), { recursive: true });
    writeFileSync(at('plain'), 'content\n', { mode: 0o640 });
    linkSync(at('plain'), at('second name'));
    writeFileSync(at('empty'), '');
    writeFileSync(at('.hidden'), 'x');
    writeFileSync(at('deep/er/file'), 'y'.repeat(100_000));
    writeFileSync(Buffer.concat([Buffer.from(at('latin')), Buffer.of(0xe9), Buffer.from('1')]), 'z');
    writeFileSync(at('line\nbreak'), '');
    writeFileSync(at("quote'"), '');
    writeFileSync(at('sparse'), 'start');
    truncateSync(at('sparse'), 50_000_000);
    writeFileSync(at('closed'), 'secret', { mode: 0o600 });
    symlinkSync('plain', at('link'));
    symlinkSync('nowhere', at('dangling'));
    symlinkSync('loop', at('loop'));
    symlinkSync('..', at('deep/up'));
    symlinkSync('deep', at('directory link'));
    execFileSync('mkfifo', [at('pipe')]);
    const server = createServer().listen(at('socket'));
    await once(server, 'listening');
    // A path that is still there when the listener is gone is what a crashed server leaves.
    server.unref();
    after(() => server.close());
    if (process.getuid?.() === 0) chownSync(at('plain'), 1234, 5678);
  });
  after(() => rmSync(root, { recursive: true }));

  test('every entry of a directory as stat(1) has it', { skip: needs('stat', 'find') }, () => {
    const rows = ask(
      `select path, inode, uid, gid, mode, size, block_size, atime, mtime, ctime, hard_links, symlink, type from file where directory = '${root}' and symlink = 0`,
    );
    const kinds: Record<string, string> = { f: 'regular', d: 'directory', p: 'fifo', s: 'socket' };
    const found = run(
      'find',
      root,
      '-mindepth',
      '1',
      '-maxdepth',
      '1',
      '!',
      '-type',
      'l',
      '-printf',
      '%i %U %G %m %s %A@ %T@ %C@ %n %y\\0',
    )
      .split('\0')
      .slice(0, -1);
    const ours = rows.map(
      (row) =>
        `${row['inode']} ${row['uid']} ${row['gid']} ${Number.parseInt(row['mode']!, 8)} ${row['size']} ${row['atime']} ${row['mtime']} ${row['ctime']} ${row['hard_links']} ${row['type']}`,
    );
    const theirs = found.map((line) => {
      const [inode, uid, gid, mode, size, atime, mtime, ctime, links, kind] = line.split(' ');
      return `${inode} ${uid} ${gid} ${Number.parseInt(mode!, 8)} ${size} ${[atime, mtime, ctime].map((time) => Math.floor(Number(time))).join(' ')} ${links} ${kinds[kind!]}`;
    });
    assert.deepEqual(ours.sort(), theirs.sort());
  });

  test('links', () => {
    const rows = ask(
      `select filename, symlink, type, symlink_target_path t, size from file where directory = '${root}' and symlink = 1 order by filename`,
    );
    assert.deepEqual(rows, [
      { filename: 'dangling', symlink: '1', type: 'unknown', t: 'nowhere', size: '7' },
      { filename: 'directory link', symlink: '1', type: 'directory', t: 'deep', size: rows[1]!['size'] },
      { filename: 'link', symlink: '1', type: 'regular', t: 'plain', size: '8' },
      { filename: 'loop', symlink: '1', type: 'unknown', t: 'loop', size: '4' },
    ]);
  });

  test('all levels as find has them, each file once, loops or not', { skip: needs('find') }, () => {
    const rows = ask(`select path from file where path like '${root}/%%'`);
    const ours = rows.map(({ path }) => path!.replace(/\/$/, ''));
    assert.equal(new Set(ours).size, ours.length);
    const theirs = execFileSync('find', [root, '-mindepth', '1', '-print0'], { encoding: 'utf8' })
      .split('\0')
      .slice(0, -1);
    for (const path of theirs) assert.ok(ours.includes(path), JSON.stringify(path));
    const beyond = ours.filter((path) => !theirs.includes(path));
    assert.ok(
      beyond.every((path) => path.startsWith(`${root}/deep/up/`) || path.startsWith(`${root}/directory link/`)),
      JSON.stringify(beyond),
    );
  });

  test('one level, hidden files too', { skip: needs('find') }, () => {
    const ours = ask(`select filename from file where path like '${root}/%'`).map(({ filename }) => filename!);
    const theirs = run('find', root, '-mindepth', '1', '-maxdepth', '1', '-printf', '%f\\0').split('\0').slice(0, -1);
    assert.deepEqual(ours.sort(), theirs.sort());
  });

  test('a time one nanosecond before the next second', { skip: needs('touch', 'stat') }, () => {
    run('touch', '-d', '@1700000000.999999999', at('empty'));
    assert.equal(run('stat', '-c', '%Y', at('empty')).trim(), '1700000000');
    for (const where of [`path = '${at('empty')}'`, `path like '${at('empty')}%'`, `directory = '${root}'`])
      assert.deepEqual(ask(`select atime, mtime from file where filename = 'empty' and ${where}`), [
        { atime: '1700000000', mtime: '1700000000' },
      ]);
  });

  test('a path through a link of a process is a warning, not silence', () => {
    for (const pattern of ['/proc/self/root/%', '/proc/self_/root/etc/%', '/proc/%/cwd/%']) {
      const { status, rows, stderr } = askWhole(`select path from file where path like '${pattern}'`);
      assert.deepEqual([status, rows], [0, []], pattern);
      if (pattern !== '/proc/self_/root/etc/%') assert.match(stderr, /ELOOP/, pattern);
    }
  });

  test('three links to one directory are one walk', () => {
    const links = ['1', '2', '3'].map((name) => join(root, 'links', name));
    for (const link of links) mkdirSync(link, { recursive: true });
    for (const link of links) symlinkSync(at('deep/er'), join(link, 'root'));
    const rows = ask(`select path from file where path like '${root}/links/%/root/%%'`);
    assert.deepEqual(rows.map(({ path }) => path!.split('/root/')[1]).sort(), ['file', 'still/']);
    rmSync(at('links'), { recursive: true });
  });

  test('a name that is not UTF-8 is found again by the name it was shown under', () => {
    const sql = `select h.sha256 from file f join hash h using (path) where f.path like '${root}/latin%'`;
    const [digest] = run('sh', '-c', `cat ${root}/latin?1 | sha256sum`).split(' ');
    assert.deepEqual(ask(sql), [{ sha256: digest }]);
    // `$path` is the name as it was shown.
    const program = join(import.meta.dirname, '../../bin/osqueryi.js');
    const osqueryi = `${process.execPath} ${program} --list --header=false`;
    const script = `path=$(${osqueryi} "$1"); ${osqueryi} "select sha256 from hash where path = '$path'"`;
    assert.equal(
      run('sh', '-c', script, 'sh', `select path from file where path like '${root}/latin%'`).trim(),
      digest,
    );
  });

  test('digests', { skip: needs('md5sum', 'sha1sum', 'sha256sum') }, () => {
    const of = (program: string, name: string) => run(program, '--zero', at(name)).split(' ')[0];
    for (const name of ['plain', 'empty', 'sparse', 'deep/er/file', 'line\nbreak', 'link']) {
      assert.deepEqual(ask(`select md5, sha1, sha256 from hash where path = '${at(name)}'`), [
        { md5: of('md5sum', name), sha1: of('sha1sum', name), sha256: of('sha256sum', name) },
      ]);
    }
  });

  test('no digest of what is no regular file, and nothing waits for a FIFO', () => {
    for (const name of ['pipe', 'socket', 'deep', 'dangling', 'loop']) {
      assert.deepEqual(ask(`select * from hash where path = '${at(name)}'`), [], name);
    }
    assert.deepEqual(ask("select * from hash where path in ('/dev/zero', '/dev/null')"), []);
  });

  test('nobody gets a warning for what is closed, and the rest', { skip: asRoot }, () => {
    const { status, rows, stderr } = askWhole(
      `select path, sha256 <> '' as ok from hash where path in ('${at('closed')}', '${at('empty')}') order by 1`,
      { nobody: true },
    );
    assert.equal(status, 0);
    assert.deepEqual(rows, [
      { path: at('closed'), ok: '0' },
      { path: at('empty'), ok: '1' },
    ]);
    assert.match(stderr, /cannot read a file \(EACCES\)/);
  });

  test('without a path: the error of osquery', () => {
    const { status, stderr, rows } = askWhole('select * from file');
    assert.deepEqual([status, rows], [19, []]);
    assert.match(stderr, /Table file was queried without a required column in the WHERE clause/);
  });

  test('capabilities as getcap has them, attributes', { skip: asRoot || needs('setcap', 'getcap') }, (t) => {
    for (const text of ['cap_net_raw=ep', 'cap_chown=eip cap_net_raw+ep', '=ep', 'cap_bpf,cap_perfmon=p', '=eip']) {
      if (spawnSync('setcap', [text, at('empty')]).status !== 0) return t.skip(`setcap is refused in ${root}`);
      const [, theirs] = run('getcap', at('empty')).trimEnd().split(/ (.*)/s);
      assert.deepEqual(
        ask(
          `select value, base64 from extended_attributes where path = '${at('empty')}' and key = 'security.capability'`,
        ),
        [{ value: theirs, base64: '0' }],
      );
    }
  });
});

test('programs that run as their owner are those that find finds', { skip: asRoot || needs('find') }, () => {
  const roots = ['/bin/', '/sbin/', '/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin'];
  const theirs = run('find', ...roots, '-type', 'f', '-perm', '/6000')
    .trim()
    .split('\n')
    .map((path) => path.replace('//', '/'));
  const ours = ask("select path from suid_bin where path not like '/tmp/%'").map(({ path }) => path!);
  for (const path of theirs) assert.ok(ours.includes(path), path);
});
