import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { addressOf } from '../../../src/host/linux/native.ts';

test('bytes whose address was taken live while a call may write to them, and not for ever', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const take = () => {
    const bytes = Buffer.alloc(32);
    addressOf(bytes);
    return new WeakRef(bytes);
  };
  const first = take();
  await setImmediate();
  collect();
  assert.ok(first.deref());
  for (let i = 0; i < 16; i++) take();
  await setImmediate();
  collect();
  assert.equal(first.deref(), undefined);
});
