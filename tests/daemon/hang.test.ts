import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HangWatch } from '../../src/daemon/hang.ts';

test('a thread hangs that is inside of the same call for long, look by look', () => {
  let now = 0;
  const watch = new HangWatch(8000, () => now);
  const look = (changes: number | undefined, after: number) => {
    now += after;
    return watch.hangs(changes === undefined ? undefined : { changes });
  };
  for (let i = 0; i < 15; i++) assert.equal(look(7, 500), false);
  assert.equal(look(9, 500), false);
  for (let i = 0; i < 15; i++) assert.equal(look(9, 500), false);
  assert.equal(look(9, 500), true);
  // Between calls it does something else.
  for (let i = 0; i < 40; i++) assert.equal(look(undefined, 500), false);
  // All of the process was stopped for an hour.
  assert.equal(look(11, 500), false);
  assert.equal(look(11, 3_600_000), false);
});
