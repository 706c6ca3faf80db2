import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usesOtherNameServices } from '../../../../src/host/linux/sandbox/name-services.ts';

test('accounts of files and of daemons that are asked through a socket need no more', () => {
  assert.equal(usesOtherNameServices(''), false);
  assert.equal(
    usesOtherNameServices('passwd: files systemd sss\ngroup: files [SUCCESS=merge] systemd\nhosts: dns\n'),
    false,
  );
});

test('directories that the thread itself asks over the network need more', () => {
  assert.equal(usesOtherNameServices('passwd:\tfiles ldap\n'), true);
  assert.equal(usesOtherNameServices('# passwd: ldap\ngroup: compat winbind # here\n'), true);
});
