/** Budgets of processor time: alone, and beside what queries take. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { CpuBudget, HearingBudget } from '../../src/events/cpu-budget.ts';

let time: number;
let spent: number;
let spentByAll: number;
const now = () => time;
beforeEach(() => {
  [time, spent, spentByAll] = [0, 0, 0];
});

test('who has done nothing for long may take a burst again, and no more', () => {
  const budget = new CpuBudget({ share: 0.1, burstMs: 300 }, () => spent, now);
  assert.equal(budget.owed(), 0);
  time += 3_600_000;
  assert.equal(budget.owed(), 0);
  spent += 310;
  assert.equal(Math.round(budget.owed()), 100);
  time += 50;
  assert.equal(Math.round(budget.owed()), 50);
  time += 50;
  assert.equal(Math.round(budget.owed()), 0);
});

test('what was overdrawn by more than it may be is forgotten', () => {
  const budget = new CpuBudget({ share: 0.1, burstMs: 0, debtMs: 20 }, () => spent, now);
  spent += 5000;
  assert.equal(budget.owed(), 200);
  time += 200;
  assert.equal(budget.owed(), 0);
});

/** What hearing takes in a minute when there is always more, and others take so many milliseconds in each second. */
function heardBeside(others: number): { readonly share: number; readonly forOthers: number } {
  const shares = {
    most: { share: 0.14, burstMs: 20 },
    all: { share: 0.18, burstMs: 20, debtMs: 600 },
    least: { share: 0.06, burstMs: 20 },
  };
  [time, spent, spentByAll] = [0, 0, 0];
  const budget = new HearingBudget(
    shares,
    () => spent,
    () => spentByAll,
    now,
  );
  let [second, told] = [0, 0];
  while (time < 60_000) {
    [time, spent, spentByAll] = [time + 1, spent + 1, spentByAll + 1];
    const { rest, forOthers } = budget.owed();
    told += Number(forOthers);
    time += Math.min(rest, 1000);
    for (; second < time; second += 1000) spentByAll += others;
  }
  return { share: spent / time, forOthers: told };
}

test('hearing takes what queries leave, within a most and a least', () => {
  const near = (others: number, share: number) =>
    assert.ok(Math.abs(heardBeside(others).share - share) < 0.005, `${heardBeside(others).share}, not ${share}`);
  near(0, 0.14);
  near(40, 0.14);
  near(80, 0.1);
  near(110, 0.07);
  near(500, 0.06);
  assert.equal(heardBeside(0).forOthers, 0);
  assert.ok(heardBeside(80).forOthers > 0);
});
