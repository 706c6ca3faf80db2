/** Ids of mounts to the types of their file systems, of `/proc/<pid>/mountinfo`, `proc_pid_mountinfo(5)`. */
export function parseMountTypes(content: string): Map<number, string> {
  const types = new Map<number, string>();
  for (const line of content.split('\n')) {
    // Id, parent, device, root, mount point, options; then any number of tags, a hyphen, the type. Blanks are escaped.
    const fields = line.split(' ');
    const hyphen = fields.indexOf('-', 6);
    const type = fields[hyphen + 1];
    if (hyphen > 0 && type !== undefined && /^\d{1,10}$/.test(fields[0]!)) types.set(Number(fields[0]), type);
  }
  return types;
}

/** What `/proc/<pid>/fdinfo/<fd>` says of an open file, `proc_pid_fdinfo(5)`. */
export interface DescriptorInfo {
  readonly mount: number;
  /** Undefined before Linux 5.14. */
  readonly inode: number | undefined;
}

export function parseDescriptorInfo(content: string): DescriptorInfo | undefined {
  const mount = /^mnt_id:\t(\d{1,10})$/m.exec(content)?.[1];
  if (mount === undefined) return undefined;
  const inode = /^ino:\t(\d{1,20})$/m.exec(content)?.[1];
  return { mount: Number(mount), inode: inode === undefined ? undefined : Number(inode) };
}
