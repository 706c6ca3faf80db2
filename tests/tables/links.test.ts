/** Links that a user leaves where a table looks: what they lead to may not answer, so nobody follows them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Files, Host } from '../../src/host/host.ts';
import { processes } from '../../src/tables/processes/processes.ts';
import { mounts } from '../../src/tables/system/mounts.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { runTable } from '../../src/testing/run-table.ts';
import { parseTree } from '../../src/testing/tree.ts';

/** A machine where following a link to `/hung` is a failure of the test. */
function machine(tree: string): Host {
  const real = new MemoryHost(parseTree(`${tree}/hung\n`)).files;
  const files = new Proxy(real, {
    get: (target, name: keyof Files) => {
      const value = target[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        if (name !== 'linkStat' && name !== 'readLink' && name !== 'list') {
          const at = String(args[0]);
          assert.ok(!real.exists(at) || real.realPath(at) !== '/hung', `${name} follows ${at}`);
        }
        return value.apply(target, args);
      };
    },
  });
  const host: Host = { platform: 'linux', files, kernel: undefined, within: () => host };
  return host;
}

const process = (pid: number, exe: string) => `/proc/${pid}/stat
| ${pid} (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 0 4096 1
/proc/${pid}/exe -> ${exe}
`;

test('processes looks at programs themselves, also at one that is called as if it was deleted', () => {
  const host = machine(
    `${process(5, '/tmp/x\\x20(deleted)')}/tmp/x\\x20(deleted) -> /hung\n/proc/5/maps\n${process(6, '/tmp/y')}/tmp/y -> /hung\n${process(7, '/bin/z')}/bin/z\n`,
  );
  assert.deepEqual(
    runTable(processes, host).rows.map(({ path, on_disk }) => [path, on_disk]),
    [
      ['/tmp/x', 0],
      ['/tmp/y', 1],
      ['/bin/z', 1],
    ],
  );
});

test('mounts resolves no device that a user named', () => {
  const host = machine(
    '/proc/mounts\n| /dev/sda / ext4 rw 0 0\n| /tmp/a /home/m/a fuse rw 0 0\n| /tmp/a /home/m/b fuse.x rw 0 0\n/dev/sda -> /dev/vda\n/dev/vda block=8:0\n/tmp/a -> /hung\n',
  );
  assert.deepEqual(
    runTable(mounts, host).rows.map(({ device, device_alias }) => [device, device_alias]),
    [
      ['/dev/sda', '/dev/vda'],
      ['/tmp/a', ''],
      ['/tmp/a', ''],
    ],
  );
});
