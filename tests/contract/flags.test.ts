/** Every flag that osquery 5.23 has on Linux, with its type, its default and where it may be set. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ELSEWHERE } from '../../src/config/options/elsewhere.ts';
import { allOptions, optionAliases, ownOptions, withoutEffect } from '../../src/config/options.ts';

const ROOT = join(import.meta.dirname, '../..');

interface ReferenceFlag {
  readonly name: string;
  readonly type: string;
  /** As it stands in the source: a literal, a product, macros. */
  readonly default: string;
  readonly kind: string;
  readonly platform: string;
}

const reference: readonly ReferenceFlag[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'reference/flags.json'), 'utf8'),
);

/** Folders of osquery on Linux, `osquery/utils/config/default_paths.h`. */
const MACROS: Readonly<Record<string, string>> = {
  OSQUERY_DB_HOME: '/var/osquery/',
  OSQUERY_HOME: '/etc/osquery/',
  OSQUERY_SOCKET: '/var/osquery/',
  OSQUERY_LOG_HOME: '/var/log/osquery/',
  OSQUERY_PIDFILE: '/var/run/',
  OSQUERY_CERTS_HOME: '/opt/osquery/share/osquery/certs/',
};

/** `LOG_LOCAL3 >> 3`, `syslog(3)`. */
const LOG_LOCAL3 = 19;

const onLinux = reference.filter(({ platform }) => platform === 'linux');
const ours = new Map(allOptions.map((option) => [option[0], option]));

test('flags: every one of osquery on Linux', (t) => {
  t.diagnostic(`flags: ${onLinux.filter(({ name }) => ours.has(name)).length} of ${onLinux.length}`);
});

test('no flag is declared twice', () => assert.equal(ours.size, allOptions.length));

for (const { name, type, kind, default: expression } of onLinux) {
  test(name, () => assert.deepEqual(ours.get(name)?.slice(0, 4), [name, type, defaultOf(expression), kind]));
}

test('no other flags but those that are said to be ours', () => {
  const known = new Set([...onLinux.map(({ name }) => name), ...ownOptions.map(([name]) => name)]);
  assert.deepEqual(
    [...ours.keys()].filter((name) => !known.has(name)),
    [],
  );
});

test('older names lead to flags', () => {
  for (const [alias, name] of Object.entries(optionAliases)) {
    assert.ok(ours.has(name), name);
    assert.ok(!ours.has(alias), alias);
  }
});

function defaultOf(expression: string): string {
  if (expression === 'LOG_LOCAL3 >> 3') return String(LOG_LOCAL3);
  if (/^\d+( \* \d+)+$/.test(expression))
    return String(expression.split(' * ').reduce((product, factor) => product * Number(factor), 1));
  const parts = expression.match(/"[^"]*"|[A-Z_]{4,}/g);
  if (parts === null || !/["A-Z]/.test(expression)) return expression;
  return parts.map((part) => (part.startsWith('"') ? part.slice(1, -1) : MACROS[part])).join('');
}

/** What speaks to servers. */
const REMOTE = /^src\/(?:remote\/|main\/daemon\/remote\.ts$)/;
/** `connect` is also a system call, which events tell of; the password in the other is hidden in a table. */
const NAMED_ONLY = ['connect', 'proxy_hostname'];

test('flags of other systems are known as such', () => {
  const here = new Set(onLinux.map(({ name }) => name));
  const elsewhere = reference.map(({ name }) => name).filter((name) => !here.has(name));
  assert.deepEqual([...ELSEWHERE].sort(), [...new Set(elsewhere)].sort());
  for (const name of ELSEWHERE) assert.ok(!ours.has(name), name);
});

test('every flag does something, or says why not', () => {
  const all = globSync('src/**/*.ts', { cwd: ROOT }).filter((path) => !path.startsWith('src/config/options'));
  const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8');
  // What nobody loads asks for nothing.
  const isLoaded = (path: string) =>
    !REMOTE.test(path) || all.some((other) => /import\('[^']*\/remote\.ts'\)/.test(textOf(other)));
  const sources = all
    .filter(isLoaded)
    .map(textOf)
    .concat(readFileSync(join(ROOT, 'bin/start.js'), 'utf8').replace('--?S$', "'S'").replace('--?D$', "'D'"))
    .join('\n');
  const names = allOptions.map(([name]) => name);
  const used = names.filter((name) => !NAMED_ONLY.includes(name) && sources.includes(`'${name}'`));
  assert.deepEqual(
    names.filter((name) => !used.includes(name) && !withoutEffect.has(name)),
    [],
    'nothing asks for these: put them to use, or into src/config/options/without-effect.ts with the reason',
  );
  assert.deepEqual(
    used.filter((name) => withoutEffect.has(name)),
    [],
    'these are said to be without effect, but something asks for them',
  );
  assert.deepEqual(
    [...withoutEffect.keys()].filter((name) => !names.includes(name)),
    [],
    'there are no such flags',
  );
});
