import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parseAnswer, unpacked } from '../../src/remote/answer.ts';
import { RemoteFailure } from '../../src/remote/failure.ts';
import { random } from '../engine/support.ts';

const SAMPLE = JSON.stringify({
  schedule: { q: { query: 'select "a\\b[{" from t', interval: 60, removed: false } },
  queries: { 'é\u2028': 'select 1', empty: [], deep: [[[{ a: [1, -2.5e3, null, true] }]]] },
  node_invalid: false,
});

test('what JSON.parse takes is taken, and nothing else; what comes out is only ever a RemoteFailure', () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const draw = random(seed);
  const sample = Buffer.from(SAMPLE);
  for (let round = 0; round < 5000; round++) {
    const bytes = Buffer.from(sample.subarray(0, 1 + draw() * sample.length));
    for (let flips = draw() * 4; flips > 0; flips--) {
      const syntax = '"\\{}[],:0 ';
      bytes[Math.floor(draw() * bytes.length)] =
        draw() < 0.7 ? syntax.charCodeAt(draw() * syntax.length) : Math.floor(draw() * 256);
    }
    let expected: unknown;
    try {
      expected = JSON.parse(bytes.toString());
    } catch {
      expected = undefined;
    }
    const isObject = typeof expected === 'object' && expected !== null && !Array.isArray(expected);
    try {
      assert.deepEqual(parseAnswer(bytes), expected);
      assert.ok(isObject, `seed ${seed}, round ${round}`);
    } catch (cause) {
      assert.ok(cause instanceof RemoteFailure && !isObject, `seed ${seed}, round ${round}: ${cause}`);
      assert.equal(cause.kind, 'malformed');
    }
  }
});

test('a key is a key, whatever it is called', () => {
  const answer = parseAnswer(Buffer.from('{"__proto__":{"node_invalid":true}}'));
  assert.equal(answer!['node_invalid'], undefined);
});

test('broken gzip is a failure, or nothing that is larger than allowed', async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const draw = random(seed);
  const packed = gzipSync(SAMPLE.repeat(10));
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(packed.subarray(0, 2 + draw() * packed.length));
    bytes[2 + Math.floor(draw() * (bytes.length - 2))] = Math.floor(draw() * 256);
    try {
      assert.ok((await unpacked(bytes, 'gzip', 10_000)).length <= 10_000);
    } catch (cause) {
      assert.ok(cause instanceof RemoteFailure, `seed ${seed}, round ${round}: ${cause}`);
    }
  }
});
