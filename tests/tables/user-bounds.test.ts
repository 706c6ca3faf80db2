/** Files in home directories that are longer, and more, than anybody's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authorizedKeys } from '../../src/tables/users/authorized_keys.ts';
import { knownHosts } from '../../src/tables/users/known_hosts.ts';
import { shellHistory } from '../../src/tables/users/shell_history.ts';
import { userSshKeys } from '../../src/tables/users/user_ssh_keys.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { runTable } from '../../src/testing/run-table.ts';
import { parseTree } from '../../src/testing/tree.ts';

const PASSWD = `/etc/passwd
| ada:x:1000:1000::/home/ada:/bin/bash
| mallory:x:1001:1001::/home/mallory:/bin/bash
`;

function run(table: Parameters<typeof runTable>[0], tree: string) {
  const host = new MemoryHost(parseTree(PASSWD + tree));
  return runTable(table, host, { where: { uid: [1001, 1000] } });
}

const ADA = '/home/ada/.bash_history 0600 1000:1000\n| make\n';

test('of a history the newest lines are read, and others have their rows', () => {
  const { rows, warnings } = run(
    shellHistory,
    `${ADA}/home/mallory/.bash_history 0600 1001:1001\n| oldest\n150000| a\n| newest\n`,
  );
  const commands = rows.map(({ uid, command }) => `${uid} ${command}`);
  assert.equal(commands.length, 100_001);
  assert.equal(commands.at(-1), '1001 newest');
  assert.ok(commands.includes('1000 make'));
  assert.ok(!commands.includes('1001 oldest'));
  assert.deepEqual(warnings, [
    'truncated: of the files of user mallory 8388608 bytes and 100000 lines are read: /home/mallory/.bash_history: 100009 bytes left out',
  ]);
});

test('all histories of a user have one bound', () => {
  const { rows, warnings } = run(
    shellHistory,
    ['.bash_history', '.zsh_history', '.bash_sessions/1.history']
      .map((name) => `/home/mallory/${name} 0600 1001:1001\n80000| a\n`)
      .join('') + ADA,
  );
  assert.equal(rows.length, 100_001);
  assert.deepEqual(warnings, [
    'truncated: of the files of user mallory 8388608 bytes and 100000 lines are read: /home/mallory/.zsh_history and 1 more: 280000 bytes left out',
  ]);
});

test('characters that JSON writes longer count as much', () => {
  const line = '\x01'.repeat(999);
  const { rows, warnings } = run(
    shellHistory,
    `${ADA}/home/mallory/.bash_history 0600 1001:1001\n4000| ${line}\n| newest\n`,
  );
  assert.equal(rows.at(-1)?.['command'], 'newest');
  assert.ok(
    JSON.stringify(rows.filter(({ uid }) => uid === 1001).map(({ command }) => command)).length < 8.1 * 1024 * 1024,
  );
  assert.ok(rows.length > 1300);
  assert.match(warnings[0]!, /^truncated: of the files of user mallory 8388608 bytes/);
});

test('a file with a hole of 15 TB, and a line without an end, cost a few megabytes', () => {
  const hole = run(shellHistory, `${ADA}/home/mallory/.bash_history 0600 1001:1001 size=15000000000000\n| a\n`);
  assert.equal(hole.rows.length, 2);
  assert.equal(String(hole.rows.find(({ uid }) => uid === 1001)?.['command']).length, 128 * 1024);
  assert.match(hole.warnings[0]!, /lines are read: \/home\/mallory\/\.bash_history: 14999991611392 bytes left out$/);
  assert.equal(
    hole.warnings[1],
    'truncated: user mallory has lines longer than 131072 bytes: /home/mallory/.bash_history: 1 lines',
  );
  const long = run(shellHistory, `/home/mallory/.bash_history 0600 1001:1001\n| before\n4000000> é\n| \n| after\n`);
  assert.deepEqual(
    long.rows.map(({ command }) => String(command).length),
    [6, 64 * 1024, 5],
  );
});

test('whoever asks again and again gets six times as much in a minute', () => {
  const tree = `${PASSWD}${ADA}/home/mallory/.bash_history 0600 1001:1001\n90000| a\n`;
  const host = new MemoryHost(parseTree(tree));
  const ask = (uid: number) => runTable(shellHistory, host, { where: { uid } }).rows.length;
  let total = 0;
  for (let i = 0; i < 20; i++) total += ask(1001);
  assert.ok(total >= 600_000 && total < 900_000, String(total));
  assert.equal(ask(1000), 1);
});

test('lines that are too long end at a character', () => {
  const { rows } = run(knownHosts, `/home/mallory/.ssh/known_hosts 0600 1001:1001\n> ab\n70000> é€\n| \n| next\n`);
  const [first, second] = rows.map(({ key }) => String(key));
  assert.ok(first!.isWellFormed());
  assert.ok(Buffer.byteLength(first!) <= 131_072 && Buffer.byteLength(first!) > 131_068);
  assert.equal(second, 'next');
});

test('of public keys the first are read', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI';
  const { rows, warnings } = run(
    authorizedKeys,
    `/home/mallory/.ssh/authorized_keys 0600 1001:1001\n| ${key} first\n200000| ${key}\n/home/ada/.ssh/authorized_keys 0600 1000:1000\n| ${key} ada\n`,
  );
  assert.equal(rows.length, 100_001);
  assert.ok(rows.some(({ comment }) => comment === 'first') && rows.some(({ comment }) => comment === 'ada'));
  assert.match(warnings.join('\n'), /authorized_keys: 3800038 bytes left out/);
});

test('of a directory a thousand files are looked at, and a key that the query names is found', () => {
  const ed25519 = `| -----BEGIN PRIVATE KEY-----\n| MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n| -----END PRIVATE KEY-----\n`;
  let tree = PASSWD;
  for (let i = 0; i < 1500; i++) tree += `/home/mallory/.ssh/a${i}\n| x\n`;
  tree += `/home/mallory/.ssh/z 0600 1001:1001\n${ed25519}`;
  const host = new MemoryHost(parseTree(tree));
  const all = runTable(userSshKeys, host, { where: { uid: 1001 } });
  assert.deepEqual(all.warnings, ['truncated: /home/mallory/.ssh: 501 files left out: 1000 of a directory are read']);
  const named = runTable(userSshKeys, host, { where: { uid: 1001, path: '/home/mallory/.ssh/z' } });
  assert.deepEqual(
    named.rows.map(({ key_type, key_length }) => [key_type, key_length]),
    [['ed25519', 256]],
  );
});
