/** Pipes that many processes share, and descriptors that must not be followed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host } from '../../src/host/host.ts';
import { processOpenPipes } from '../../src/tables/processes/process_open_pipes.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { runTable } from '../../src/testing/run-table.ts';
import { parseTree } from '../../src/testing/tree.ts';

test('a pipe that many share shows each end with some others, and small pipes with all', () => {
  let shared = '';
  for (let pid = 1000; pid < 3000; pid++) {
    shared += `/proc/${pid}/fd/3 0500 -> pipe:[7]\n/proc/${pid}/fd/4 0300 -> pipe:[7]\n`;
  }
  const ends = [...Array(20).keys()].map((fd) => `/proc/77/fd/${fd} ${fd < 10 ? '0500' : '0300'} -> pipe:[8]\n`);
  const { rows, warnings } = runTable(processOpenPipes, new MemoryHost(parseTree(shared + ends.join(''))));
  assert.equal(rows.filter(({ inode }) => inode === 8).length, 2 * 10 * 10);
  const large = rows.filter(({ inode }) => inode === 7);
  assert.equal(new Set(large.map(({ pid, fd }) => `${pid} ${fd}`)).size, 4000, 'every end is there');
  // Of the 100,000 beyond one partner the small pipe has used 9 for each end.
  assert.equal(large.length, 4000 + 100_000 - 180);
  assert.deepEqual(warnings, [
    `truncated: more than 100000 pairs of ends: ${2 * 2000 * 2000 - large.length} of pipe 7 of process 1000 and larger ones left out`,
  ]);
});

test('no descriptor is followed; a FIFO is looked at by path, and only on a local file system', () => {
  const tree = parseTree(`/proc/self/mountinfo
| 24 1 253:0 / / rw - ext4 /dev/sda rw
| 90 24 0:50 / /mnt rw - fuse.evil x rw
/proc/9/fd/1 0500 -> /run/fifo
/proc/9/fdinfo/1
\\ pos:\\t0\\nflags:\\t0100000\\nmnt_id:\\t24\\nino:\\t5\\n
/run/fifo fifo inode=5
/proc/9/fd/2 0500 -> /mnt/fifo
/proc/9/fdinfo/2
\\ pos:\\t0\\nmnt_id:\\t90\\nino:\\t6\\n
/proc/9/fd/3 0500 -> /elsewhere/fifo
/proc/9/fdinfo/3
\\ pos:\\t0\\nmnt_id:\\t1234\\nino:\\t5\\n
/proc/9/fd/4 0500 -> /run/exchanged
/proc/9/fdinfo/4
\\ pos:\\t0\\nmnt_id:\\t24\\nino:\\t7\\n
/run/exchanged fifo inode=8
/proc/9/fd/5 0500 -> /run/unknown
`);
  const real = new MemoryHost(tree);
  const looked: string[] = [];
  const files = new Proxy(real.files, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (path: string, ...rest: unknown[]) => {
        if (name !== 'readText' && name !== 'list' && name !== 'readLink') looked.push(`${String(name)} ${path}`);
        return Reflect.apply(value, target, [path, ...rest]);
      };
    },
  });
  const host: Host = { platform: 'linux', files, kernel: undefined, within: () => host };
  const { rows } = runTable(processOpenPipes, host);
  assert.deepEqual(
    rows.map(({ fd, inode, type }) => [fd, inode, type]),
    [[1, 5, 'named']],
  );
  assert.deepEqual(looked, ['linkStat /run/fifo', 'linkStat /proc/9/fd/1', 'linkStat /run/exchanged']);
});
