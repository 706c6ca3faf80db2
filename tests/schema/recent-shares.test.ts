import assert from 'node:assert/strict';
import { test } from 'node:test';
import { perMachine, RecentShares } from '../../src/schema/recent-shares.ts';

test('what was taken comes back bit by bit, and never more than the share', () => {
  let now = 0;
  const shares = new RecentShares(1000, 8, () => now);
  assert.equal(shares.left(7, 100), 100);
  shares.spend(7, 100, 80);
  assert.deepEqual([shares.left(7, 100), shares.left(8, 100)], [20, 100]);
  now = 500;
  assert.equal(shares.left(7, 100), 70);
  shares.spend(7, 100, 70);
  assert.equal(shares.left(7, 100), 0);
  now = 10_000;
  assert.equal(shares.left(7, 100), 100);
});

test('all users together have eight shares', () => {
  const shares = new RecentShares(1000, 8, () => 0);
  for (let uid = 1; uid <= 8; uid++) shares.spend(uid, 100, 95);
  assert.deepEqual([shares.left(1, 100), shares.left(100, 100)], [5, 40]);
  shares.spend(100, 100, 40);
  assert.deepEqual([shares.left(1, 100), shares.left(200, 100)], [0, 0]);
  for (let uid = 1000; uid < 50_000; uid++) shares.spend(uid, 100, 0);
  assert.equal(shares.left(200, 100), 0, 'the account of all is kept');
});

test('where nobody can be many each has a whole share', () => {
  const shares = new RecentShares(1000, Number.POSITIVE_INFINITY, () => 0);
  for (let uid = 1; uid <= 100; uid++) shares.spend(uid, 100, 95);
  assert.deepEqual([shares.left(1, 100), shares.left(200, 100)], [5, 100]);
});

test('each machine has its own', () => {
  const of = perMachine(() => []);
  const machine = {};
  assert.equal(of(machine), of(machine));
  assert.notEqual(of(machine), of({}));
});
