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

test('two that alternate are said once each', () => {
  const said: string[] = [];
  let now = 0;
  const say = sparingly(
    (text) => said.push(text),
    () => now,
  );
  for (; now < 3_600_000; now += 1000) say(now % 2000 === 0 ? 'even' : 'odd');
  assert.deepEqual(said, ['even', 'odd']);
});

test('of those that differ in a number, a path or what is quoted ten are said in an hour, the rest counted', () => {
  const said: string[] = [];
  let now = 0;
  const say = sparingly(
    (text) => said.push(text),
    () => now,
  );
  for (let i = 0; i < 5000; i++) say(`open /home/m${'x'.repeat(i % 50)}/${i}: ENOENT, pid ${i}, "name ${i}"`);
  assert.equal(said.length, 10);
  say('something else');
  assert.equal(said.length, 11);
  now = 3_600_000;
  say('open /etc/passwd: ENOENT, pid 7, "x"');
  assert.equal(said[11], 'open /etc/passwd: ENOENT, pid 7, "x" (4990 more like it were not said)');
});

test('of all kinds together no more than 200 are said in an hour, whatever anybody puts into them', () => {
  const said: string[] = [];
  let now = 0;
  const say = sparingly(
    (text) => said.push(text),
    () => now,
  );
  const word = (i: number) => [...String(i)].map((digit) => 'ghijklmnop'[Number(digit)]).join('');
  for (let i = 0; i < 20_000; i++) say(`no such thing: ${word(i)}`);
  assert.equal(said.length, 200);
  now = 3_600_000;
  say('fresh');
  assert.equal(said[200], 'fresh (19800 others were not said)');
});
