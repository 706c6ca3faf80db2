import { ifReadable } from '../../base/errors.ts';
import { readStart } from '../../host/read-start.ts';
import { parseProcPidMaps } from '../../parse/proc-pid-maps.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { processIds } from '../../schema/process-ids.ts';
import { perMachine, RecentShares } from '../../schema/recent-shares.ts';
import { table } from '../../schema/table.ts';
import { UserShares } from '../../schema/user-shares.ts';

/** `vm.max_map_count` is 65,530, and a line has about 100 bytes; but a path in it may have 4,096. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Mappings that the processes of one user have in all, beyond those that each may have: a browser has 100 of 1,000. */
const MAX_MAPPINGS = 200_000;
const FREE = 256;
/** As many in ten seconds: a join asks for each process anew. */
const recentMappings = perMachine(() => new RecentShares(10_000));

/** Source: `/proc/<pid>/maps`, `proc_pid_maps(5)`. */
export const processMemoryMap = table({
  name: 'process_memory_map',
  description: 'Memory that processes have mapped: files, heaps, stacks and shared memory.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    pid: integer('Process id', { index: true, optimized: true }),
    start: text('First address, in hexadecimal'),
    end: text('Address behind the last, in hexadecimal'),
    permissions: text('r, w, x, and p for private or s for shared'),
    offset: bigint('Bytes into the file at which the mapping begins'),
    device: text('Device of the file as major:minor, in hexadecimal'),
    inode: integer('Inode of the file; 0 without one'),
    path: text('File that is mapped, or [heap], [stack] and the like'),
    pseudo: integer('1 if the path is no file'),
  },
  examples: ["select distinct path from process_memory_map where pid = 1 and permissions like '__x_'"],
  *generate({ host, values, attempt, warn, row }) {
    const recent = { shares: recentMappings(host.files), share: MAX_MAPPINGS };
    const shares = new UserShares(host.files, { share: MAX_MAPPINGS, free: FREE, what: 'mappings', recent });
    for (const pid of processIds(host, values('pid'), attempt)) {
      const content = ifReadable(() => readStart(host.files, `/proc/${pid}/maps`, MAX_BYTES));
      if (content?.cut === true) warn(`truncated: maps has more than ${MAX_BYTES} bytes`, `process ${pid}`);
      for (const mapping of parseProcPidMaps(content?.text ?? '')) {
        if (shares.take(pid, 1) === 0) continue;
        const { start, end, permissions, offset, device, inode, path } = mapping;
        yield row({
          pid,
          start: `0x${start}`,
          end: `0x${end}`,
          permissions,
          offset,
          device,
          inode,
          path,
          // No inode, and yet a name: the kernel's own word for it.
          pseudo: inode === 0 && path !== '',
        });
      }
    }
    shares.report(warn);
  },
});
