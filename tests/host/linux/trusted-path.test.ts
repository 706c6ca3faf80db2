import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { openOwn } from '../../../src/host/linux/own-file.ts';
import { lockPidFile, runningDaemon } from '../../../src/host/linux/pid-file.ts';
import { storeFiles, unsafeStoreFiles } from '../../../src/host/linux/store-files.ts';
import { distrusted } from '../../../src/host/linux/trusted-path.ts';
import { readFlagfile } from '../../../src/host/linux/user-files.ts';

const skip = process.geteuid?.() === 0 ? false : 'only root can give files away';
const MALLORY = 12345;

let folder = '';
const at = (name: string) => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osquery-trust-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a path', { skip }, () => {
  test('of root, through /tmp, or not there yet', () => {
    mkdirSync(at('a/b'), { recursive: true });
    assert.equal(distrusted(at('a/b')), undefined);
    assert.equal(distrusted(at('a/none/of/it')), undefined);
    chmodSync(at('a'), 0o775);
    assert.equal(distrusted(at('a/b')), undefined);
  });

  test('of somebody else, or where he may write', () => {
    mkdirSync(at('a/b/c'), { recursive: true });
    chownSync(at('a'), MALLORY, MALLORY);
    assert.equal(distrusted(at('a/b/c')), `${at('a')} belongs to user ${MALLORY}`);
    assert.equal(distrusted(at('a/b/new')), `${at('a')} belongs to user ${MALLORY}`);
    // His own agent may be there.
    assert.equal(distrusted(at('a/b/c'), { uid: MALLORY }), undefined);
    chownSync(at('a'), 0, 0);
    chmodSync(at('a/b'), 0o777);
    assert.equal(distrusted(at('a/b/c')), `everybody may write to ${at('a/b')}`);
    chmodSync(at('a/b'), 0o1777);
    assert.equal(distrusted(at('a/b/c')), undefined);
    assert.equal(distrusted(at('a/b')), `everybody may write to ${at('a/b')}`);
    assert.equal(distrusted(at('a/b'), { stickyEnd: true }), undefined);
    chownSync(at('a/b/c'), MALLORY, MALLORY);
    assert.equal(distrusted(at('a/b/c')), `${at('a/b/c')} belongs to user ${MALLORY}`);
  });

  test('through links: of whom they are, and where they lead', () => {
    mkdirSync(at('real/inner'), { recursive: true });
    mkdirSync(at('his'));
    chownSync(at('his'), MALLORY, MALLORY);
    symlinkSync('real', at('good'));
    symlinkSync(at('his'), at('led'));
    symlinkSync('good/inner/../../his', at('around'));
    symlinkSync('loop', at('loop'));
    assert.equal(distrusted(at('good/inner/new')), undefined);
    assert.match(distrusted(at('led/x')) ?? '', /his belongs to user/);
    assert.match(distrusted(at('around')) ?? '', /his belongs to user/);
    assert.match(distrusted(at('loop/x')) ?? '', /too many links/);
    mkdirSync(at('tmp'));
    chmodSync(at('tmp'), 0o1777);
    spawnSync('ln', ['-s', at('real'), at('tmp/his-link')]);
    spawnSync('chown', ['-h', String(MALLORY), at('tmp/his-link')]);
    assert.match(distrusted(at('tmp/his-link/inner')) ?? '', /his-link belongs to user/);
  });
});

/** What else may be where a file of ours belongs, and why it is not used. */
const KINDS: readonly (readonly [why: string, put: (path: string) => void])[] = [
  ['it is a link', (path) => symlinkSync(at('victim'), path)],
  ['it is a link', (path) => symlinkSync(at('nothing'), path)],
  ['it is a named pipe', (path) => void spawnSync('mkfifo', [path])],
  ['it is a directory', (path) => mkdirSync(path)],
  ['it has a second name, a hard link', (path) => linkSync(at('victim'), path)],
  [
    `it belongs to user ${MALLORY}`,
    (path) => {
      writeFileSync(path, '');
      chownSync(path, MALLORY, MALLORY);
    },
  ],
];

for (const [i, [why, put]] of KINDS.entries())
  describe(`a file of ours, and ${why} (${i})`, { skip }, () => {
    const { O_APPEND, O_CREAT, O_RDWR } = constants;
    beforeEach(() => {
      writeFileSync(at('victim'), 'secret', { mode: 0o604 });
      put(at('file'));
    });
    afterEach(() => {
      assert.equal(readFileSync(at('victim'), 'utf8'), 'secret');
      assert.equal(statSync(at('victim')).mode & 0o777, 0o604);
    });

    test('to be opened', () => {
      assert.throws(() => closeSync(openOwn(at('file'), O_RDWR | O_APPEND | O_CREAT, 0o600)), {
        name: 'NotOurFile',
        message: `${at('file')} is not used, as ${why}: remove it, or start with --allow_unsafe`,
      });
    });

    test('of the store, or beside it', () => {
      assert.throws(() => storeFiles.create(at('file')), { name: 'NotOurFile' });
      spawnSync('mv', [at('file'), at('store-wal')]);
      assert.throws(() => storeFiles.create(at('store')), { name: 'NotOurFile', message: /store-wal is not used/ });
    });

    test('for the pid', () => {
      assert.throws(() => lockPidFile(at('file')), { name: 'UserError', message: new RegExp(`pid file .* as ${why}`) });
      assert.throws(() => runningDaemon(at('file')), { name: 'UserError', message: /pid file .*it (is|has|belongs)/ });
      assert.notEqual(lstatSync(at('file'), { throwIfNoEntry: false }), undefined);
    });
  });

test('a pid file in /tmp, and in a directory of somebody else', { skip }, () => {
  mkdirSync(at('tmp'));
  chmodSync(at('tmp'), 0o1777);
  lockPidFile(at('tmp/pid'))[Symbol.dispose]();
  chmodSync(at('tmp'), 0o777);
  assert.throws(() => lockPidFile(at('tmp/pid')), /--pidfile .*tmp\/pid is not used, as everybody may write to .*tmp/);
  lockPidFile(at('tmp/pid'), { unsafe: true })[Symbol.dispose]();
  lockPidFile('/dev/null')[Symbol.dispose]();
});

test('a file of the store that others could read, or use, is ours alone from then on', { skip }, () => {
  writeFileSync(at('store'), '', { mode: 0o666 });
  storeFiles.create(at('store'));
  assert.equal(statSync(at('store')).mode & 0o777, 0o600);
  mkdirSync(at('his'));
  chownSync(at('his'), MALLORY, MALLORY);
  assert.match(storeFiles.distrusted(at('his')) ?? '', /belongs to user/);
  assert.equal(unsafeStoreFiles.distrusted(at('his')), undefined);
});

describe('a flagfile', () => {
  const read = (path: string) => {
    const warnings: string[] = [];
    return [readFlagfile(path, (text) => warnings.push(text)), warnings] as const;
  };

  test('that is a pipe: nobody waits for one that nobody writes to', () => {
    spawnSync('mkfifo', [at('pipe')]);
    assert.throws(() => read(at('pipe')), /^Error: a pipe that nobody writes to$/);
    assert.throws(() => read(at('nothing')), /^Error: ENOENT$/);
  });

  test('of somebody else: it is said', { skip }, () => {
    writeFileSync(at('flags'), '--verbose\n');
    assert.deepEqual(read(at('flags')), ['--verbose\n', []]);
    chownSync(at('flags'), MALLORY, MALLORY);
    const [text, [warning]] = read(at('flags'));
    assert.equal(text, '--verbose\n');
    assert.match(warning!, /^flagfile .*flags: .*flags belongs to user 12345: who may write there decides/);
  });
});
