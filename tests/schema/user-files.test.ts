import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Files, OpenFile } from '../../src/host/host.ts';
import type { PasswdEntry } from '../../src/parse/passwd.ts';
import { readUserFile } from '../../src/schema/user-files.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { parseTree } from '../../src/testing/tree.ts';
import { refuses } from '../host/suite.ts';

const { files } = new MemoryHost(
  parseTree(`
/root/ 0700 0:0
/root/secret 0600 0:0
| root's
/root/open 0644 0:0
| readable, but nobody gets there
/etc/shadow 0640 0:0
| root's
/usr/share/profile 0644 0:0
| everybody's
/home/ann/ 0700 1000:1000
/home/ann/history 0600 1000:1000
| her own
/home/ann/kept 0600 0:0
| kept for her by root
/home/ann/twice 0600 0:0 links=2
| a hard link
/home/ann/stolen -> /root/secret
/home/ann/hidden -> /root/open
/home/ann/shared -> /usr/share/profile
/home/ann/elsewhere -> /data/ann/history
/data/ann/ 0700 1000:1000
/data/ann/history 0600 1000:1000
| on another disk
/data/ann/kept 0600 0:0
| kept for her by root
/data/ann/moved -> /root
/home/bob -> /data/ann
`),
);

const user = (directory: string, uid = 1000): PasswdEntry => ({ uid, directory }) as PasswdEntry;

test('what is the user’s own, lies in the home, or may be read by everybody', () => {
  const read = (name: string) => readUserFile(files, `/home/ann/${name}`, user('/home/ann'));
  assert.equal(read('history'), 'her own\n');
  assert.equal(read('kept'), 'kept for her by root\n');
  assert.equal(read('shared'), "everybody's\n");
  assert.equal(read('elsewhere'), 'on another disk\n');
  for (const name of ['stolen', 'hidden', 'twice']) refuses('EACCES', () => read(name));
});

test('a home that a link leads to is the user’s only if he owns it', () => {
  assert.equal(readUserFile(files, '/home/bob/kept', user('/home/bob')), 'kept for her by root\n');
  refuses('EACCES', () => readUserFile(files, '/home/bob/kept', user('/home/bob', 1001)));
  // Who may write above his home may lead it to anybody's.
  refuses('EACCES', () => readUserFile(files, '/data/ann/moved/secret', user('/data/ann/moved')));
});

test('judged is the file that was opened, not what its name leads to afterwards', () => {
  // The name leads to the user's own file whenever it is asked, but to root's when it is opened.
  const swapping = new Proxy(files, {
    get: (target, name) =>
      name === 'open' ? (): OpenFile => target.open('/root/secret') : Reflect.get(target, name).bind(target),
  }) as Files;
  refuses('EACCES', () => readUserFile(swapping, '/home/ann/history', user('/home/ann')));
});
