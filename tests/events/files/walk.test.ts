import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PathRules } from '../../../src/events/files/path-rules.ts';
import { walkRules } from '../../../src/events/files/walk.ts';
import { LinuxHost } from '../../../src/host/linux/linux-host.ts';
import { MemoryHost } from '../../../src/testing/memory-host.ts';
import { parseTree } from '../../../src/testing/tree.ts';

const rules = (...paths: string[]) => new PathRules({ paths: new Map([['all', paths]]), excluded: new Map() });

test('each directory is walked once through links, however many lead to it, and back to where they are', () => {
  const top = mkdtempSync(join(tmpdir(), 'osquery-walk-'));
  try {
    mkdirSync(`${top}/a/b/c`, { recursive: true });
    for (let i = 0; i < 20; i++) symlinkSync(top, `${top}/a/b/back${i}`);
    for (let i = 0; i < 20; i++) symlinkSync(`${top}/a/b`, `${top}/a/to${i}`);
    const walked = [...walkRules(new LinuxHost().files, rules(`${top}${'/%%'.repeat(20)}`), top)];
    // The three, the top itself, and each of them through one link.
    assert.ok(walked.length <= 8, walked.map(({ path }) => path).join('\n'));
    for (const path of ['', '/a', '/a/b', '/a/b/c'])
      assert.ok(
        walked.some((one) => one.path === top + path),
        path,
      );
  } finally {
    rmSync(top, { recursive: true });
  }
});

test('a wildcard does not lead to file systems without files of anybody, a name does', () => {
  const tree = `/proc/self/mounts
| proc /proc proc rw 0 0
| cgroup2 /sys/fs/cgroup cgroup2 rw 0 0
/proc/1/task/
/sys/fs/cgroup/x/
/home/joe/
`;
  const { files } = new MemoryHost(parseTree(tree));
  const walked = (...paths: string[]) => [...walkRules(files, rules(...paths), '/')].map(({ path }) => path).sort();
  assert.deepEqual(walked('/%%'), ['/', '/home', '/home/joe', '/sys', '/sys/fs']);
  assert.deepEqual(walked('/sys/fs/cgroup/%%'), ['/', '/sys', '/sys/fs', '/sys/fs/cgroup', '/sys/fs/cgroup/x']);
});
