import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Activity } from '../../src/base/activity.ts';

test('another thread sees the call that a thread is inside of', () => {
  const mine = new Activity();
  const theirs = new Activity(mine.shared);
  assert.equal(theirs.look(), undefined);
  mine.enter('stat', '/mnt/dead');
  const first = theirs.look();
  assert.deepEqual([first?.operation, first?.path], ['stat', '/mnt/dead']);
  assert.equal(theirs.look()?.changes, first?.changes);
  mine.leave();
  assert.equal(theirs.look(), undefined);
  mine.enter('stat', '/mnt/dead');
  assert.notEqual(theirs.look()?.changes, first?.changes);
});

test('a path with bytes that are no text, and one longer than there is room for', () => {
  const activity = new Activity();
  activity.enter('read', '/tmp/\udcff');
  assert.equal(activity.look()?.path, '/tmp/\udcff');
  activity.enter('read', `/${'a'.repeat(5000)}`);
  assert.match(activity.look()!.path, /^\/a{500,1023}$/);
});
