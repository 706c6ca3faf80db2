import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hungPlace } from '../../src/daemon/hung-place.ts';

const mounts = [
  ['/', 'ext4'],
  ['/home', 'ext4'],
  ['/home/joe/far', 'fuse.sshfs'],
  ['/net', 'nfs4'],
].map(([path, type]) => ({ device: '', path: path!, type: type!, options: '' }));

const links: Readonly<Record<string, string>> = {
  '/home/joe/.ssh/x': '../far/x',
  '/home/joe/.ssh/y': '/net/y',
  '/home/joe/.ssh/loop': 'loop',
};
const place = (path: string) => hungPlace(path, mounts, (at) => links[at]);

test('a file system that others serve is left alone as a whole; else only the path', () => {
  assert.equal(place('/home/joe/far/a/b'), '/home/joe/far');
  assert.equal(place('/home/joe/farther/a'), '/home/joe/farther/a');
  assert.equal(place('/home/joe/.ssh/x'), '/home/joe/far');
  assert.equal(place('/home/joe/.ssh/y'), '/net');
  assert.equal(place('/home/joe/.ssh/loop'), '/home/joe/.ssh/loop');
  assert.equal(place('/home/joe/.ssh/z'), '/home/joe/.ssh/z');
  assert.equal(place('/'), undefined);
  assert.equal(place(''), undefined);
});

test('nothing in what others serve is looked at', () => {
  hungPlace('/net/a/b', mounts, (at) => assert.ok(!at.startsWith('/net'), at) as undefined);
});
