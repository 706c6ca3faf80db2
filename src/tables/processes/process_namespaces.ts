import { ifReadable } from '../../base/errors.ts';
import { integer, text } from '../../schema/columns.ts';
import { processIds } from '../../schema/process-ids.ts';
import { table } from '../../schema/table.ts';

/** Source: the links of `/proc/<pid>/ns`, `namespaces(7)`. */
export const processNamespaces = table({
  name: 'process_namespaces',
  description: 'Namespaces that processes live in; equal numbers are one namespace.',
  platforms: ['linux'],
  columns: {
    pid: integer('Process id', { index: true, optimized: true }),
    cgroup_namespace: text('Inode of the control-group namespace'),
    ipc_namespace: text('Inode of the IPC namespace'),
    mnt_namespace: text('Inode of the mount namespace'),
    net_namespace: text('Inode of the network namespace'),
    pid_namespace: text('Inode of the process-id namespace'),
    user_namespace: text('Inode of the user namespace'),
    uts_namespace: text('Inode of the host-name namespace'),
  },
  examples: [
    'select count(distinct net_namespace) from process_namespaces',
    'select pid from process_namespaces where pid_namespace <> (select pid_namespace from process_namespaces where pid = 1)',
  ],
  *generate({ host, values, uses, attempt, row }) {
    const { files } = host;
    for (const pid of processIds(host, values('pid'), attempt)) {
      const inode = (column: Parameters<typeof uses>[0], name: string) =>
        uses(column) ? /\[(\d+)\]/.exec(ifReadable(() => files.readLink(`/proc/${pid}/ns/${name}`)) ?? '')?.[1] : '';
      if (!files.exists(`/proc/${pid}`)) continue;
      yield row({
        pid,
        cgroup_namespace: inode('cgroup_namespace', 'cgroup'),
        ipc_namespace: inode('ipc_namespace', 'ipc'),
        mnt_namespace: inode('mnt_namespace', 'mnt'),
        net_namespace: inode('net_namespace', 'net'),
        pid_namespace: inode('pid_namespace', 'pid'),
        user_namespace: inode('user_namespace', 'user'),
        uts_namespace: inode('uts_namespace', 'uts'),
      });
    }
  },
});
