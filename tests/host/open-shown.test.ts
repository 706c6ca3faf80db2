import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Files } from '../../src/host/host.ts';
import { openShown } from '../../src/host/open-shown.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { parseTree } from '../../src/testing/tree.ts';
import { refuses } from './suite.ts';

const { files } = new MemoryHost(
  parseTree(`
/root/ 0700 0:0
/root/private 0600 0:0
| root's
/root/readable 0644 0:0
| nobody gets there
/usr/share/public 0644 0:0
| everybody's
/home/ann/ 0700 1000:1000
/home/ann/own 0600 1000:1000
| her own
/home/ann/kept 0600 0:0
| kept for her by root
/home/ann/twice 0600 0:0 links=2
| a hard link
/home/ann/stolen -> /root/private
/home/ann/hidden -> ../../root/readable
/home/ann/shared -> /usr/share/public
/home/ann/way -> /root
/home/bob/ 0700 1001:1001
/home/bob/hers -> /home/ann/own
/srv/by-root -> /root/private
/srv/to-ann -> /home/ann/stolen
/tmp/ 1777 0:0
/tmp/link -> /root/private
/tmp/plain 0600 1000:1000
| ann's
/srv/data/ 0755 0:0
/srv/data/plain 0600 0:0
| root's
`),
);

const shown = (path: string) => {
  using file = openShown(files, path);
  return file.stat.size > 0;
};

test('a user shows his own files, and those that everybody may read', () => {
  for (const name of ['own', 'shared', 'kept']) assert(shown(`/home/ann/${name}`));
});

test('a user shows no file of another by a link, wherever on the way it is', () => {
  for (const path of [
    '/home/ann/stolen',
    '/home/ann/hidden',
    '/home/ann/twice',
    '/home/ann/way/private',
    '/home/bob/hers',
    '/srv/to-ann',
  ]) {
    refuses('EACCES', () => shown(path));
  }
});

test('what root laid out leads wherever it leads', () => {
  for (const path of ['/srv/by-root', '/srv/data/plain', '/root/private']) assert(shown(path));
});

test('a link that is exchanged for a file while it is looked at shows no file of another', () => {
  const exchanged: Files = new Proxy(files, {
    get: (target, name) => {
      if (name === 'linkStat') return (path: string) => target.linkStat(path === '/tmp/link' ? '/tmp/plain' : path);
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  refuses('EACCES', () => openShown(exchanged, '/tmp/link'));
});
