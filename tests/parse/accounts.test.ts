/** passwd, group and shadow as glibc reads them: recorded values, and its own functions where this process runs with it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { koffi, libc } from '../../src/host/linux/native.ts';
import { parseGroup, parsePasswd } from '../../src/parse/passwd.ts';
import { parseShadow } from '../../src/parse/shadow.ts';
import { random } from '../engine/support.ts';

const ids = (content: string) => [...parsePasswd(content)].map(({ name, uid, gid }) => `${name} ${uid} ${gid}`);
const members = (content: string) => [...parseGroup(content)].map(({ name, gid, members }) => [name, gid, members]);

test('passwd: what is an account to glibc 2.36', () => {
  for (const [line, expected] of [
    ['evil::0:0', 'evil 0 0'],
    ['evil:x:0:0::/', 'evil 0 0'],
    ['evil:x: 0:0::/root:/bin/sh', 'evil 0 0'],
    ['evil:x:+0:\t0::/root:/bin/sh', 'evil 0 0'],
    ['evil:x:-0:0::/root:/bin/sh', 'evil 0 0'],
    ['evil:x:00000000000000000000000000:0::/root:/bin/sh', 'evil 0 0'],
    ['   evil:x:0:0::/root:/bin/sh', 'evil 0 0'],
    ['\v\f\revil:x:0:0', 'evil 0 0'],
    [':x:0:0:::', ' 0 0'],
    ['wrapped:x:-18446744073709551615:1', 'wrapped 1 1'],
    ['last:x:4294967295:1', 'last 4294967295 1'],
    ['over:x:4294967296:1', undefined],
    ['minus:x:-1:1', undefined],
    ['huge:x:99999999999999999999:1', undefined],
    ['hex:x:0x10:1', undefined],
    ['behind:x:0 :1', undefined],
    ['return:x:0:0\r', undefined],
    ['none:x::0', undefined],
    ['nul\0:x:0:0', undefined],
    ['three:x:0', undefined],
    ['+nis:x:0:0:::', undefined],
    ['-nis:x:0:0:::', undefined],
    [' # no:x:0:0', undefined],
  ] as const) {
    assert.deepEqual(ids(line), expected === undefined ? [] : [expected], JSON.stringify(line));
  }
  assert.deepEqual(
    [...parsePasswd('a:x:1:2:g:/h:/bin/sh:and:more')].map(({ shell }) => shell),
    ['/bin/sh:and:more'],
  );
});

test('group: what is a group, and who is in it', () => {
  assert.deepEqual(members('short:x:5\nsudo:x:27:bob, carol,,\td d ,\ng:x: 6:a:b\nno:x\nnone:x::a\n+:x:0:a\n'), [
    ['short', 5, []],
    ['sudo', 27, ['bob', 'carol', 'd d ']],
    ['g', 6, ['a:b']],
  ]);
});

test('shadow: lines that a password is checked with', () => {
  const numbers = (line: string) =>
    [...parseShadow(line)].map((e) =>
      [e.lastChange, e.min, e.max, e.warning, e.inactive, e.expire, e.flag].join(' '),
    )[0];
  for (const [line, expected] of [
    ['a:x:1:2:3', '1 2 3 -1 -1 -1 -1'],
    ['a:x:1:2:3: ', '1 2 3 -1 -1 -1 -1'],
    ['a:x:1:2:3:4:5:6', '1 2 3 4 5 6 -1'],
    ['a:x:1:2:3:4:5::', '1 2 3 4 5 -1 -1'],
    ['a:x: 1: +2: 3:   4:::', '1 2 3 4 -1 -1 -1'],
    ['a:x:1:2:3: :1:2:', '1 2 3 -1 1 2 -1'],
    ['a:x:4294967295:2147483648::::: 4294967295', '-1 -2147483648 -1 -1 -1 -1 4294967295'],
    ['a:x:1:2:3:4:5:', undefined],
    ['a:x:1:2:3:4:5', undefined],
    ['a:x:1:2:3:4', undefined],
    ['a:x:1:2:', undefined],
    ['a:x:1:2:3:4:5:6:7:8', undefined],
    ['a:x: :2:3:4:5:6:7', undefined],
    ['a:x:1:2:3:4:5:6:-1', undefined],
    ['a:x:1x:2:3:4:5:6:', undefined],
  ] as const) {
    assert.equal(numbers(line), expected, JSON.stringify(line));
  }
});

test('shadow: a password that can match is active', () => {
  const status = (password: string) =>
    [...parseShadow(`a:${password}:1::::::`)].map((e) => `${e.status} ${e.algorithm}`)[0];
  for (const [password, expected] of [
    ['xxSalted.hash', 'active '],
    ['abJnggxhB/yWI', 'active '],
    ['_J9..rasmBYk8r9AiWNc', 'active '],
    ['$2b$05$abcdefghijklmnopqrstuu', 'active 2b'],
    ['$y$j9T$salt$hash', 'active y'],
    ['$md5,rounds=904$salt$$hash', 'active md5'],
    ['', 'empty '],
    ['!!', 'not_set '],
    ['!', 'locked '],
    ['!!$6$salt$hash', 'locked '],
    ['*', 'locked '],
    ['x', 'locked '],
    ['NP', 'locked '],
    ['*LK*', 'locked '],
    ['$', 'locked '],
  ] as const) {
    assert.equal(status(password), expected, password);
  }
});

/** `process.report` names the C library only where it is glibc. */
const glibc = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header.glibcVersionRuntime;

describe('beside the C library', { skip: glibc === undefined && 'this process does not run with glibc' }, () => {
  // Numbers beyond 32 bits are cut or refused, which depends on the version.
  const PIECES = [
    'a',
    'x',
    ':',
    ':',
    ':',
    ':',
    '0',
    '7',
    ' ',
    '\t',
    '+',
    ',',
    '4294967295',
    '00',
    '#',
    '\r',
    '\v',
    '9:',
  ];
  PIECES.push('1:2:', 'x:1:2', 'a:x:', ':1:2:3:', '4:5:6:', ':::', 'b,c', '-');
  const next = random(1);
  const content = Array.from({ length: 20_000 }, () =>
    Array.from({ length: 1 + Math.floor(next() * 14) }, () => PIECES[Math.floor(next() * PIECES.length)]).join(''),
  )
    // A minus before a digit is such a number; a name with a sign is not looked up.
    .filter(
      (line) =>
        !/-[0-9]/.test(line) && !/^\s*[+-]/.test(line) && !/[0-9]{11}|429496729[6-9]|4294967295[0-9]/.test(line),
    )
    .join('\n');

  const at = (pointer: bigint, length: number) => Buffer.from(Buffer.from(koffi().view(pointer, length)));
  const text = (pointer: bigint) => {
    if (pointer === 0n) return '';
    const length: number = libc('size_t strnlen(const void *text, size_t most)')(pointer, 65536);
    return length === 0 ? '' : at(pointer, length).toString();
  };

  /** Every entry that `fget<what>ent` finds in the file. */
  function entries(what: 'pw' | 'gr' | 'sp', bytes: number): Buffer[] {
    const folder = mkdtempSync(join(tmpdir(), 'osquery-accounts-'));
    try {
      writeFileSync(join(folder, 'file'), `${content}\n`);
      const file: bigint = libc('void *fopen(const char *path, const char *mode)')(join(folder, 'file'), 'r');
      const read = libc(`void *fget${what}ent(void *file)`);
      const found: Buffer[] = [];
      for (let pointer: bigint | null = read(file); pointer; pointer = read(file)) {
        const struct = at(pointer, bytes);
        found.push(Buffer.from(JSON.stringify(show[what](struct))));
      }
      libc('int fclose(void *file)')(file);
      return found;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  const show = {
    pw: (s: Buffer) => [
      text(s.readBigUInt64LE(0)),
      s.readUInt32LE(16),
      s.readUInt32LE(20),
      ...[24, 32, 40].map((offset) => text(s.readBigUInt64LE(offset))),
    ],
    gr: (s: Buffer) => {
      const names: string[] = [];
      for (let list = s.readBigUInt64LE(24); ; list += 8n) {
        const member = at(list, 8).readBigUInt64LE();
        if (member === 0n) return [text(s.readBigUInt64LE(0)), s.readUInt32LE(16), names];
        names.push(text(member));
      }
    },
    sp: (s: Buffer) => [
      text(s.readBigUInt64LE(0)),
      ...[16, 24, 32, 40, 48, 56, 64].map((offset) => Number(s.readBigInt64LE(offset))),
    ],
  };
  const lines = (rows: unknown[]) => rows.map((row) => JSON.stringify(row));
  const found = (what: 'pw' | 'gr' | 'sp', bytes: number) => entries(what, bytes).map(String);

  test('passwd', () => {
    const ours = [...parsePasswd(content)].map((u) => [u.name, u.uid, u.gid, u.description, u.directory, u.shell]);
    assert.ok(ours.length > 100);
    assert.deepEqual(lines(ours), found('pw', 48));
  });

  test('group', () => {
    assert.deepEqual(lines(members(content)), found('gr', 32));
  });

  test('shadow', () => {
    const ours = [...parseShadow(content)].map((e) => [
      e.name,
      ...[e.lastChange, e.min, e.max, e.warning, e.inactive, e.expire, e.flag],
    ]);
    assert.ok(ours.length > 100);
    assert.deepEqual(lines(ours), found('sp', 72));
  });
});
