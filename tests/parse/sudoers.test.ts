/** Rules of sudo; the judge is sudo's own `cvtsudoers`, where it is. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { parseSudoers } from '../../src/parse/sudoers.ts';

const rules = (content: string) => [...parseSudoers(content)].map(({ header, details }) => [header, details]);

/** Content, our rows, and the rules as sudo 1.9.13 prints them. */
const CASES: readonly (readonly [content: string, rows: readonly (readonly string[])[], sudo: readonly string[]])[] = [
  ['#1001 ALL=(ALL) NOPASSWD: ALL\n', [['#1001', 'ALL=(ALL) NOPASSWD: ALL']], ['#1001 ALL = (ALL) NOPASSWD: ALL']],
  ['#0, bob ALL=ALL\n', [['#0,', 'bob ALL=ALL']], ['#0, bob ALL = ALL']],
  ['  #0 ALL=ALL', [['#0', 'ALL=ALL']], ['#0 ALL = ALL']],
  ['#-1 ALL=ALL\n', [['#-1', 'ALL=ALL']], ['\\#-1 ALL = ALL']],
  ['%#0 ALL=ALL\n', [['%#0', 'ALL=ALL']], ['%#0 ALL = ALL']],
  ['#0ALL=ALL\n', [['#0ALL=ALL', '']], ['#0 ALL = ALL']],
  ['bob ALL=(#0) ALL # why\n', [['bob', 'ALL=(#0) ALL']], ['bob ALL = (#0) ALL']],
  ['bob ALL=ALL#why\n', [['bob', 'ALL=ALL']], ['bob ALL = ALL']],
  ['#+5 ALL=ALL\n##0 ALL=ALL\n#-x ALL=ALL\n#\n#x', [], []],
  ['bob ALL=/bin/sh -c a\\#b # c\n', [['bob', 'ALL=/bin/sh -c a\\#b']], ['bob ALL = /bin/sh -c a\\#b']],
  ['bob ALL=/bin/sh -c "a # b"\n', [['bob', 'ALL=/bin/sh -c "a']], ['bob ALL = /bin/sh -c "a']],
  [
    'Defaults badpass_message="a # b" # c\n',
    [['Defaults', 'badpass_message="a # b"']],
    ['Defaults badpass_message="a # b"'],
  ],
  ['"#x y" ALL=ALL\n', [['"#x y"', 'ALL=ALL']], ['"#x y" ALL = ALL']],
  ['"%domain users" ALL=ALL\n', [['"%domain users"', 'ALL=ALL']], ['"%domain users" ALL = ALL']],
  [
    '%EXAMPLE\\\\domain\\ admins ALL=ALL\n',
    [['%EXAMPLE\\\\domain\\ admins', 'ALL=ALL']],
    ['"%EXAMPLE\\domain admins" ALL = ALL'],
  ],
  ['ops\\ team ALL=ALL\n', [['ops\\ team', 'ALL=ALL']], ['"ops team" ALL = ALL']],
  [
    'bob ALL=ALL \\\n# comment \\\nalice ALL=ALL\n',
    [
      ['bob', 'ALL=ALL'],
      ['alice', 'ALL=ALL'],
    ],
    ['bob ALL = ALL', 'alice ALL = ALL'],
  ],
  ['bob ALL=/bin/x a \\  \n  b\n', [['bob', 'ALL=/bin/x a b']], ['bob ALL = /bin/x a b']],
  [
    'bob ALL=/bin/x a\\\\\nalice ALL=ALL\n',
    [
      ['bob', 'ALL=/bin/x a\\\\'],
      ['alice', 'ALL=ALL'],
    ],
    ['bob ALL = /bin/x a\\', 'alice ALL = ALL'],
  ],
  ['bob ALL=ALL \\\r\n # c\r\n', [['bob', 'ALL=ALL']], ['bob ALL = ALL']],
];

test('rules as sudo parts them', () => {
  for (const [content, rows] of CASES) assert.deepEqual(rules(content), rows, JSON.stringify(content));
});

test('files that are included', () => {
  for (const [line, path, directory] of [
    ['@include /etc/a # why', '/etc/a', false],
    ['#include /etc/a#why', '/etc/a#why', false],
    ['@include "/etc/a b" # why', '/etc/a b', false],
    ['@include /etc/a\\ b', '/etc/a b', false],
    ['  @include"/etc/a"', '/etc/a', false],
    ['@include \\\n  /etc/a', '/etc/a', false],
    ['@include "a\\ b"', 'a\\ b', false],
    ['@include /etc/a\\\\#x', '/etc/a\\#x', false],
    ['@include /etc/a bob', '/etc/a', false],
    ['#includedir\t/etc/d', '/etc/d', true],
  ] as const) {
    const [rule, ...more] = [...parseSudoers(`${line}\n`)];
    assert.deepEqual([rule?.include, more], [{ path, directory }, []], line);
  }
  assert.deepEqual(rules('# include /etc/a\n#included /etc/a\n#includedir/etc/d\n#include\n'), []);
});

const missing = spawnSync('cvtsudoers', ['-V']).error !== undefined && 'cvtsudoers is not on this machine';

test('sudo prints the same rules', { skip: missing }, () => {
  for (const [content, , expected] of CASES) {
    const { stdout } = spawnSync('cvtsudoers', ['-f', 'sudoers'], { input: content, encoding: 'utf8' });
    assert.deepEqual(stdout.split('\n').filter(Boolean), expected, JSON.stringify(content));
  }
});
