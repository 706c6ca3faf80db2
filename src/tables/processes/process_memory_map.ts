import { ifReadable } from '../../base/errors.ts';
import { parseProcPidMaps } from '../../parse/proc-pid-maps.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { processIds } from '../../schema/process-ids.ts';
import { table } from '../../schema/table.ts';

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
  *generate({ host, values, attempt, row }) {
    for (const pid of processIds(host, values('pid'), attempt)) {
      const content = ifReadable(() => host.files.readText(`/proc/${pid}/maps`)) ?? '';
      for (const { start, end, permissions, offset, device, inode, path } of parseProcPidMaps(content)) {
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
  },
});
