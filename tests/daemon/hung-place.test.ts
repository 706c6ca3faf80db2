import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hungPlace } from '../../src/daemon/hung-place.ts';
import { parseMounts } from '../../src/parse/mounts.ts';

const MOUNTS = `/dev/sda1 / ext4 rw 0 0
proc /proc proc rw 0 0
tmpfs /tmp tmpfs rw 0 0
/dev/sdb1 /home ext4 rw 0 0
deadserver:/export /mnt/dead fuse.nfs rw 0 0
server:/a /mnt/with\\040blank nfs4 rw 0 0
server:/b /srv/data nfs4 rw 0 0
tmpfs /srv/data tmpfs rw 0 0
systemd-1 /auto autofs rw 0 0
`;
const LINKS: Readonly<Record<string, string>> = {
  '/home/x/.ssh/y': '/mnt/dead/z',
  '/home/x/up': '../../mnt/./dead',
  '/home/x/loop': 'loop',
  '/proc/7/root': '/',
};

function placeOf(path: string) {
  const read: string[] = [];
  const place = hungPlace(path, parseMounts(MOUNTS), (link) => {
    read.push(link);
    return LINKS[link];
  });
  return { ...place, read };
}

test('a path of a disk is left alone by itself', () => {
  for (const path of ['/home/x/file', '/tmp/a', '/proc/7/fd/3', '/proc/7/root/mnt/dead/f', '/srv/data/f']) {
    const { name, paths } = placeOf(path);
    assert.deepEqual([name, paths], [path, [path]]);
  }
});

test('the whole machine, or what has no path, is not left alone', () => {
  assert.deepEqual(placeOf('/').paths, []);
  assert.deepEqual(placeOf('').paths, []);
});

test('of a file system that asks others the whole mount is left alone', () => {
  assert.deepEqual(placeOf('/mnt/dead/a/b'), {
    name: '/mnt/dead (fuse.nfs)',
    paths: ['/mnt/dead'],
    // Nothing of the mount is touched.
    read: ['/mnt'],
  });
  assert.equal(placeOf('/mnt/dead').name, '/mnt/dead (fuse.nfs)');
  assert.equal(placeOf('/mnt/with blank/x').name, '/mnt/with blank (nfs4)');
  assert.equal(placeOf('/auto/x').name, '/auto (autofs)');
  assert.equal(placeOf('/mnt/deader/x').name, '/mnt/deader/x');
});

test('a link into a mount is followed by its text, and left alone with the mount', () => {
  assert.deepEqual(placeOf('/home/x/.ssh/y'), {
    name: '/mnt/dead (fuse.nfs)',
    paths: ['/mnt/dead', '/home/x/.ssh/y'],
    read: ['/home', '/home/x', '/home/x/.ssh', '/home/x/.ssh/y', '/mnt'],
  });
  assert.deepEqual(placeOf('/home/x/up/q').paths, ['/mnt/dead', '/home/x/up/q']);
  assert.deepEqual(placeOf('/home/x/loop/q').paths, ['/home/x/loop/q']);
});

test('memory of a process that does not answer is left alone with that of all processes of its user', () => {
  const found = hungPlace(
    '/proc/7/cmdline',
    parseMounts(MOUNTS),
    () => undefined,
    () => 1000,
  );
  assert.deepEqual(found.paths, ['/proc/7/cmdline', 'memory of user 1000']);
});
