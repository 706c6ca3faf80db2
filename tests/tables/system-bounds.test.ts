/** Files of the system that users make longer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crontab } from '../../src/tables/system/crontab.ts';
import { last } from '../../src/tables/users/last.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { runTable } from '../../src/testing/run-table.ts';
import { parseTree } from '../../src/testing/tree.ts';

/** `struct utmp` of a login. */
function login(user: string): string {
  const record = Buffer.alloc(384);
  record.writeInt16LE(7);
  record.write(user, 44);
  return record.toString('base64');
}

test('of wtmp the newest records are read', () => {
  const tree = `/var/log/wtmp\n= ${login('old')}\n100000= ${login('m')}\n= ${login('new')}\n> cut`;
  const { rows, warnings } = runTable(last, new MemoryHost(parseTree(tree)));
  assert.equal(rows.length, 100_000);
  assert.deepEqual([rows[0]!['username'], rows.at(-1)!['username']], ['m', 'new']);
  assert.deepEqual(warnings, ['truncated: /var/log/wtmp: 2 records left out: the newest 100000 are read']);
});

test('of a crontab the beginning is read', () => {
  const tree = `/var/spool/cron/crontabs/m\n| @daily first\n2000000| \n/var/spool/cron/crontabs/ada\n| @daily ada\n`;
  const { rows, warnings } = runTable(crontab, new MemoryHost(parseTree(tree)));
  assert.deepEqual(rows.map(({ command }) => command).sort(), ['ada', 'first']);
  assert.deepEqual(warnings, ['truncated: /var/spool/cron/crontabs/m: the first 1048576 bytes are read']);
});
