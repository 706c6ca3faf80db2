import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProcessorList } from '../../src/parse/processor-list.ts';

test('numbers and ranges', () => {
  assert.deepEqual(parseProcessorList('0\n'), [0]);
  assert.deepEqual(parseProcessorList('0-3,8,10-11\n'), [0, 1, 2, 3, 8, 10, 11]);
});

test('what is neither is left out, and there are no more than machines have', () => {
  assert.deepEqual(parseProcessorList(''), []);
  assert.deepEqual(parseProcessorList('3-1,x,1-,-2,2-3-4,5'), [5]);
  assert.equal(parseProcessorList('0-9999,0-9999').length, 8192);
});
