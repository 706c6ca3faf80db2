import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostError } from '../../src/base/errors.ts';
import { refuseLeftAlone } from '../../src/host/left-alone.ts';

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
