import { lengthInJson } from '../../base/text.ts';
import { bigint, text } from '../../schema/columns.ts';
import { descriptorShares, descriptors } from '../../schema/process-descriptors.ts';
import { processIds } from '../../schema/process-ids.ts';
import { table } from '../../schema/table.ts';

/** Characters of a path, in JSON, for which a descriptor counts once: one may have 24,000. */
const USUAL_PATH = 256;

/** Source: the links of `/proc/<pid>/fd`, `proc_pid_fd(5)`. */
export const processOpenFiles = table({
  name: 'process_open_files',
  description: 'Files that processes have open.',
  platforms: ['linux', 'darwin'],
  columns: {
    pid: bigint('Process id', { index: true }),
    fd: bigint('Number of the descriptor'),
    path: text('Path of the file'),
  },
  examples: ["select pid, path from process_open_files where path like '/var/log/%'"],
  *generate({ host, values, attempt, warn, row }) {
    const shares = descriptorShares(host.files);
    for (const pid of processIds(host, values('pid'), attempt)) {
      // Sockets, pipes and other things without a path have tables of their own.
      for (const { fd, link } of descriptors(host.files, pid)) {
        if (!link.startsWith('/')) continue;
        const cost = Math.ceil(lengthInJson(link) / USUAL_PATH);
        if (shares.take(pid, cost) === cost) yield row({ pid, fd, path: link });
      }
    }
    shares.report(warn);
  },
});
