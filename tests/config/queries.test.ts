import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPieces } from './read-pieces.ts';

function queryWith(keys: object) {
  const { configuration, problems } = readPieces([{ schedule: { q: { query: 'select 1', ...keys } } }]);
  return {
    query: configuration.packs[0]!.queries[0],
    problems: problems.map((line) => line.replace('0.conf: schedule.q.', '')),
  };
}

test('what is of the wrong kind is said, and counts as if it were not there', () => {
  const { query, problems } = queryWith({
    snapshot: 'yes',
    removed: [],
    denylist: 'no',
    run_at_start: {},
    startup_priority: 'first',
    shard: -1,
    platform: ['windows'],
    version: 9,
  });
  assert.deepEqual(query, {
    name: 'q',
    query: 'select 1',
    interval: 3600,
    snapshot: false,
    removed: true,
    denylist: true,
    runAtStart: false,
    startupPriority: Number.POSITIVE_INFINITY,
  });
  assert.deepEqual(problems, [
    'platform: not a text',
    'version: not a text',
    'shard: not a whole number',
    'startup_priority: not a whole number',
    'snapshot: neither true nor false',
    'removed: neither true nor false',
    'denylist: neither true nor false',
    'run_at_start: neither true nor false',
  ]);
});

test('null is what is not set', () => {
  const { query, problems } = queryWith({
    interval: null,
    snapshot: null,
    removed: null,
    denylist: null,
    startup_priority: null,
    shard: null,
    platform: null,
    version: null,
  });
  assert.deepEqual(problems, []);
  assert.equal(query!.interval, 3600);
  assert.equal(query!.removed, true);
  assert.equal(query!.runAtStart, false);
});

test('a platform that nobody has is said where another was meant', () => {
  for (const [platform, near] of [
    ['Linux', 'linux'],
    ['linus', 'linux'],
    ['darwin, windwos', 'windows'],
    ['ubunut', 'ubuntu'],
  ]) {
    const { query, problems } = queryWith({ platform });
    assert.equal(query, undefined);
    assert.deepEqual(problems, [`platform: no platform; did you mean ${near}?`]);
  }
  for (const platform of ['windows', 'darwin,windows', 'gentoo', 'chrome', 'none', '', 'linux,windwos']) {
    assert.deepEqual(queryWith({ platform }).problems, [], platform);
  }
});

test('a version that is none restricts nothing', () => {
  const { query, problems } = queryWith({ version: 'latest' });
  assert.equal(query?.name, 'q');
  assert.deepEqual(problems, ['version: not a version']);
  assert.equal(queryWith({ version: '1.5.1-26' }).query?.name, 'q');
  assert.equal(queryWith({ version: 'null' }).query?.name, 'q');
});

test('the old name of denylist counts where the new one is not there', () => {
  assert.equal(queryWith({ blacklist: false }).query!.denylist, false);
  assert.equal(queryWith({ blacklist: false, denylist: true }).query!.denylist, true);
});

test('notes are no mistakes', () => {
  const notes = {
    description: 'a',
    value: 'b',
    author: 'c',
    comment: 'd',
    tags: ['e'],
    _why: 'f',
    '//': 'g',
    '#x': 'h',
  };
  assert.deepEqual(queryWith(notes).problems, []);
});
