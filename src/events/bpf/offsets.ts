import { HostError } from '../../base/errors.ts';
import type { Btf } from '../../parse/btf.ts';

/** Members of the kernel's structures that our programs read. */
const MEMBERS = {
  taskParent: ['task_struct', 'real_parent'],
  taskTgid: ['task_struct', 'tgid'],
  taskMemory: ['task_struct', 'mm'],
  taskFiles: ['task_struct', 'files'],
  taskDirectory: ['task_struct', 'fs'],
  memoryProgram: ['mm_struct', 'exe_file'],
  memoryArguments: ['mm_struct', 'arg_start'],
  memoryArgumentsEnd: ['mm_struct', 'arg_end'],
  directoryEntry: ['fs_struct', 'pwd.dentry'],
  directoryMount: ['fs_struct', 'pwd.mnt'],
  fileEntry: ['file', 'f_path.dentry'],
  fileMount: ['file', 'f_path.mnt'],
  filePrivate: ['file', 'private_data'],
  entryName: ['dentry', 'd_name.name'],
  entryParent: ['dentry', 'd_parent'],
  mountRoot: ['vfsmount', 'mnt_root'],
  mountPublic: ['mount', 'mnt'],
  mountParent: ['mount', 'mnt_parent'],
  mountPoint: ['mount', 'mnt_mountpoint'],
  filesTable: ['files_struct', 'fdt'],
  tableFiles: ['fdtable', 'fd'],
  tableSize: ['fdtable', 'max_fds'],
  socketSock: ['socket', 'sk'],
  family: ['sock', '__sk_common.skc_family'],
  localPort: ['sock', '__sk_common.skc_num'],
  remotePort: ['sock', '__sk_common.skc_dport'],
  remote4: ['sock', '__sk_common.skc_daddr'],
  local4: ['sock', '__sk_common.skc_rcv_saddr'],
  remote6: ['sock', '__sk_common.skc_v6_daddr'],
  local6: ['sock', '__sk_common.skc_v6_rcv_saddr'],
  type: ['sock', 'sk_type'],
  protocol: ['sock', 'sk_protocol'],
  unixAddress: ['unix_sock', 'addr'],
  unixLength: ['unix_address', 'len'],
  unixName: ['unix_address', 'name'],
} as const;

/** Bytes from the start of a structure to the member. */
export type Offsets = Readonly<Record<keyof typeof MEMBERS, number>>;

/** Where they lie in this kernel. Throws `HostError` where it has one not: it is too old, or too new. */
export function offsetsOf(btf: Btf): Offsets {
  const offsets = Object.entries(MEMBERS).map(([name, [structure, path]]) => {
    const offset = btf.offset(structure, path);
    if (offset === undefined) throw new HostError('ENOSYS', `${structure}.${path}`, 'find in the types of the kernel');
    return [name, offset];
  });
  return Object.fromEntries(offsets) as Offsets;
}
