import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSecret } from '../../src/remote/enroll-secret.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { parseTree } from '../../src/testing/tree.ts';

const { files } = new MemoryHost(parseTree('/secret\n|   from-file \n| \n/empty\n| \n', 'test'));

test('the file beats the variable; both without white space around', () => {
  const environment = { S: ' from-env\n' };
  assert.equal(readSecret({ path: '/secret', env: 'S' }, files, environment), 'from-file');
  assert.equal(readSecret({ path: '', env: 'S' }, files, environment), 'from-env');
  assert.equal(readSecret({ path: '', env: '' }, files, environment), '');
});

test('where there is none, the message has the file or the variable, and the flag', () => {
  const message = (path: string, env: string) => {
    try {
      return readSecret({ path, env }, files, {});
    } catch (cause) {
      return (cause as Error).message;
    }
  };
  assert.equal(message('/none', ''), 'no secret of enrolment: /none cannot be read: ENOENT; see --enroll_secret_path');
  assert.equal(message('/empty', ''), 'no secret of enrolment: /empty is empty; see --enroll_secret_path');
  assert.equal(
    message('', 'S'),
    'no secret of enrolment: the environment variable S is not set; see --enroll_secret_env',
  );
});
