import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostError } from '../../../src/base/errors.ts';
import { errnoName, hostError } from '../../../src/host/linux/errors.ts';

test('every errno of Linux has its name, those that the run time does not know, too', () => {
  const names = { 1: 'EPERM', 2: 'ENOENT', 61: 'ENODATA', 74: 'EBADMSG', 116: 'ESTALE', 117: 'EUCLEAN', 122: 'EDQUOT' };
  for (const [errno, name] of Object.entries(names)) assert.equal(errnoName(Number(errno)), name);
  assert.deepEqual([errnoName(123), errnoName(126), errnoName(133)], ['ENOMEDIUM', 'ENOKEY', 'EHWPOISON']);
  // Of the numbers in between only these two stand for no error of their own.
  const unnamed = Array.from({ length: 133 }, (_, i) => i + 1).filter((errno) => errnoName(errno) === `E${errno}`);
  assert.deepEqual(unnamed, [41, 58]);
  assert.equal(errnoName(4000), 'E4000');
});

test('an error without a name is a refusal of the host all the same', () => {
  for (const [errno, code] of [
    [-116, 'ESTALE'],
    [-117, 'EUCLEAN'],
    [-999, 'E999'],
  ] as const) {
    const thrown = Object.assign(new Error('odd'), { errno, code: `Unknown system error ${errno}`, syscall: 'stat' });
    const refused = hostError(thrown, '/x', 'stat');
    assert(refused instanceof HostError);
    assert.deepEqual([refused.code, refused.message], [code, `stat /x: ${code}`]);
  }
  const bug = new TypeError('ours');
  assert.equal(hostError(bug, '/x', 'stat'), bug);
});
