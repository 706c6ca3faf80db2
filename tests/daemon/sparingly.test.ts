import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sparingly } from '../../src/daemon/sparingly.ts';

test('the same warning is said once an hour', () => {
  const said: string[] = [];
  let now = 0;
  const say = sparingly(
    (text) => said.push(text),
    () => now,
  );
  for (; now < 3_600_000; now += 600_000) say('same');
  say('other');
  say('same');
  assert.deepEqual(said, ['same', 'other', 'same (5 times since)']);
});

test('many different ones are not all remembered', () => {
  let said = 0;
  const say = sparingly(
    () => said++,
    () => 0,
  );
  for (let i = 0; i < 1001; i++) say(`text ${i}`);
  say('text 1');
  assert.equal(said, 1001);
  say('text 0');
  assert.equal(said, 1002);
});

test('new ones without end do not fill the log', () => {
  const said: string[] = [];
  let now = 0;
  const say = sparingly(
    (text) => said.push(text),
    () => now,
  );
  for (let i = 0; i < 5000; i++) say(`text ${i}`);
  assert.equal(said.length, 2001);
  assert.match(said.at(-1)!, /^2000 different warnings in an hour/);
  now = 3_600_000;
  say('text 1');
  assert.deepEqual(said.slice(2001), ['3000 more warnings came in the last hour', 'text 1']);
});
