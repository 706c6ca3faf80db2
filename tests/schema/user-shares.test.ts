import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserShares } from '../../src/schema/user-shares.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { parseTree } from '../../src/testing/tree.ts';

const status = (pid: number, uid: number, euid = uid) =>
  `/proc/${pid}/status\n| Name:\tx\n| Uid:\t${uid}\t${euid}\t${euid}\t${euid}\n| Gid:\t1\t1\t1\t1\n`;

const host = new MemoryHost(
  parseTree(status(1, 0) + status(10, 1000) + status(11, 1000) + status(12, 1000, 0) + status(20, 2000)),
);

function shares(): UserShares {
  return new UserShares(host.files, { share: 100, free: 10, what: 'bytes' });
}

function reported(of: UserShares): string[] {
  const said: string[] = [];
  of.report((message, cause) => said.push(`${message}: ${cause}`));
  return said;
}

test('a user has one share for all processes, a program that runs as root for the user too', () => {
  const all = shares();
  assert.equal(all.take(10, 60), 60);
  assert.equal(all.take(11, 60), 60, '50 of 100 are left, and 10 are free');
  assert.equal(all.take(12, 60), 10);
  assert.equal(all.take(20, 110), 110, 'another user has a share of its own');
  assert.equal(all.take(1, 1_000_000), 1_000_000, 'root has no bound');
  assert.deepEqual(reported(all), ['truncated: user 1000 has more than 100 bytes: 50 of process 12 left out']);
});

test('what a process takes bit by bit is what it would get at once', () => {
  const all = shares();
  let got = 0;
  for (let i = 0; i < 200; i++) got += all.take(10, 1);
  assert.equal(got, 110);
  for (let i = 0; i < 20; i++) got += all.take(11, 1);
  assert.equal(got, 120);
  assert.deepEqual(reported(all), [
    'truncated: user 1000 has more than 100 bytes: 100 of process 10 and 1 more left out',
  ]);
});

test('users together have eight shares: one may have many ids', () => {
  let tree = '';
  for (let pid = 100; pid < 120; pid++) tree += status(pid, 100_000 + pid);
  const all = new UserShares(new MemoryHost(parseTree(tree)).files, { share: 100, free: 10, what: 'bytes' });
  let got = 0;
  for (let pid = 100; pid < 120; pid++) got += all.take(pid, 110);
  assert.equal(got, 8 * 100 + 20 * 10);
  assert.equal(reported(all)[0], 'truncated: users have more than 800 bytes: 100 of process 108 left out');
});

test('who takes little is never asked for an owner', () => {
  const all = new UserShares({} as never, { share: 100, free: 10, what: 'bytes' });
  for (let pid = 1; pid < 1000; pid++) assert.equal(all.take(pid, 10), 10);
  assert.deepEqual(reported(all), []);
});

test('processes that have ended meanwhile share what there is for one user', () => {
  const all = shares();
  assert.equal(all.take(98, 100) + all.take(99, 100), 120);
});
