import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostError } from '../../src/base/errors.ts';
import { LeftAlonePlaces, memoryPlace, refuseLeftAlone } from '../../src/host/left-alone.ts';

test('a place is left alone with all below it, until its time is over', () => {
  const places = [
    { path: '/mnt/dead', until: Date.now() + 60_000 },
    { path: '/old', until: Date.now() - 1 },
  ];
  const refused = (path: string) => {
    try {
      refuseLeftAlone(places, path, 'stat');
      return undefined;
    } catch (cause) {
      assert(cause instanceof HostError);
      return cause.code;
    }
  };
  assert.equal(refused('/mnt/dead'), 'ETIMEDOUT');
  assert.equal(refused('/mnt/dead/a/b'), 'ETIMEDOUT');
  assert.equal(refused('/mnt/deadly'), undefined);
  assert.equal(refused('/mnt'), undefined);
  assert.equal(refused('/old/a'), undefined);
});

test('the memory of all processes of a user is left alone, never that of root', () => {
  const userOf = (pid: number) =>
    new Map([
      [7, 1000],
      [8, 1000],
      [9, 1001],
      [10, 0],
    ]).get(pid);
  assert.equal(memoryPlace('/proc/10/cmdline', userOf), undefined);
  assert.equal(memoryPlace('/proc/7/stat', userOf), undefined);
  const place = memoryPlace('/proc/7/cmdline', userOf);
  assert(place !== undefined);
  const places = new LeftAlonePlaces([{ path: place, until: Date.now() + 60_000 }], () => undefined, userOf);
  const refused = [
    '/proc/8/cmdline',
    '/proc/8/task/80/maps',
    '/proc/8/stat',
    '/proc/9/cmdline',
    '/proc/10/environ',
  ].filter((path) => {
    try {
      places.refuse(path, 'read');
      return false;
    } catch {
      return true;
    }
  });
  assert.deepEqual(refused, ['/proc/8/cmdline', '/proc/8/task/80/maps']);
});
