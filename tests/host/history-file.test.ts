import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { historyFile } from '../../src/host/linux/history-file.ts';

const SOMEBODY = 12345;
const isRoot = process.geteuid!() === 0;

let home = '';
let folder = '';
let path = '';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'osquery-history-'));
  folder = join(home, '.osquery');
  path = join(folder, '.history');
});
afterEach(() => rmSync(home, { recursive: true }));

test('what was saved is loaded; the file is private and the latest line is last', () => {
  assert.deepEqual(historyFile(path).load(), []);
  historyFile(path).save(['select 2;', 'select 1;']);
  assert.equal(readFileSync(path, 'utf8'), 'select 1;\nselect 2;\n');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(folder), ['.history']);
  assert.deepEqual(historyFile(path).load(), ['select 2;', 'select 1;']);
});

test('the oldest lines go when there is too much', () => {
  const line = 'x'.repeat(300_000);
  historyFile(path).save([`${line}4`, `${line}3`, `${line}2`, `${line}1`]);
  assert.deepEqual(
    historyFile(path)
      .load()
      .map((text) => text.at(-1)),
    ['4', '3', '2'],
  );
});

test('of a file that somebody made too long the end is loaded', () => {
  mkdirSync(folder);
  writeFileSync(path, `${'x'.repeat(2_000_000)}\nselect 1;\nselect 2;\n`);
  assert.deepEqual(historyFile(path).load(), ['select 2;', 'select 1;']);
});

describe('left alone', () => {
  /** Neither read nor written, and nothing left beside it. */
  function leftAlone(): void {
    const before = existsSync(folder) ? readdirSync(folder) : [];
    assert.deepEqual(historyFile(path).load(), []);
    historyFile(path).save(['select 1;']);
    assert.deepEqual(existsSync(folder) ? readdirSync(folder) : [], before);
  }

  test('a link', () => {
    const victim = join(home, 'victim');
    writeFileSync(victim, 'precious');
    mkdirSync(folder);
    symlinkSync(victim, path);
    leftAlone();
    assert.equal(readFileSync(victim, 'utf8'), 'precious');
    assert.ok(lstatSync(path).isSymbolicLink());
  });

  test('a folder that is a link', () => {
    const victim = join(home, 'victim');
    mkdirSync(victim);
    writeFileSync(join(victim, '.history'), 'precious');
    symlinkSync(victim, folder);
    leftAlone();
    assert.equal(readFileSync(path, 'utf8'), 'precious');
  });

  test('a pipe', () => {
    mkdirSync(folder);
    execFileSync('mkfifo', [path]);
    leftAlone();
  });

  test('a home that is not there', () => {
    path = join(home, 'nobody/.osquery/.history');
    folder = join(home, 'nobody');
    leftAlone();
    assert.ok(!existsSync(folder));
  });

  for (const what of ['home', 'folder', 'file']) {
    test(`a ${what} of somebody else`, { skip: !isRoot && 'needs root, to give files away' }, () => {
      if (what !== 'home') mkdirSync(folder);
      if (what === 'file') writeFileSync(path, 'precious\n');
      chownSync(what === 'home' ? home : what === 'folder' ? folder : path, SOMEBODY, SOMEBODY);
      leftAlone();
      if (what === 'file') assert.equal(readFileSync(path, 'utf8'), 'precious\n');
    });
  }
});
