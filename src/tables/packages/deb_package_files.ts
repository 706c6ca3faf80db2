import type { Files, Host } from '../../host/host.ts';
import { text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

const ADMINDIR = '/var/lib/dpkg';
const SUFFIX = '.list';

/** Names of packages to the files that list theirs: `libc6:amd64.list` where one may be there for several architectures. */
type Lists = ReadonlyMap<string, readonly string[]>;

/** Seconds after which a change of a directory shows in its mtime: file systems tick, some only each second. */
const SETTLED = 2;

/** A join asks for one package after the other: the directory, thousands of names long, is not read for each. */
const known = new WeakMap<Files, { readonly key: string; readonly lists: Lists }>();

/** Source: the `info/*.list` files of dpkg, one a package; read one at a time. */
export const debPackageFiles = table({
  name: 'deb_package_files',
  description: 'Files and directories that Debian packages installed.',
  platforms: ['linux'],
  columns: {
    package: text('Name of the package', { index: true, optimized: true }),
    path: text('Path that belongs to it', { index: true }),
    admindir: text('Directory of dpkg’s database', { additional: true, optimized: true }),
  },
  examples: [
    "select path from deb_package_files where package = 'base-files'",
    "select package from deb_package_files where path = '/bin/sh'",
  ],
  *generate({ host, values, attempt, row }) {
    const { files } = host;
    const wanted = values('package');
    const paths = values('path');
    for (const admindir of values('admindir') ?? [ADMINDIR]) {
      const directory = `${admindir}/info`;
      const lists = attempt(() => listsOf(host, directory)) ?? new Map();
      for (const name of wanted ?? lists.keys()) {
        for (const file of lists.get(name) ?? []) {
          const content = attempt(() => files.readText(`${directory}/${file}`)) ?? '';
          if (paths !== undefined && !paths.some((path) => content.includes(path))) continue;
          for (let start = 0; start < content.length; ) {
            const end = content.indexOf('\n', start);
            const path = content.slice(start, end < 0 ? undefined : end);
            start = end < 0 ? content.length : end + 1;
            if (path !== '') yield row({ package: name, path, admindir });
          }
        }
      }
    }
  },
});

function listsOf({ files, kernel }: Host, directory: string): Lists {
  const { device, inode, mtime } = files.stat(directory);
  const key = `${device} ${inode} ${mtime} ${directory}`;
  const before = known.get(files);
  if (before?.key === key) return before.lists;
  const lists = new Map<string, string[]>();
  for (const { name: file } of files.list(directory)) {
    if (!file.endsWith(SUFFIX)) continue;
    const name = file.slice(0, -SUFFIX.length).split(':', 1)[0]!;
    const others = lists.get(name);
    if (others === undefined) lists.set(name, [file]);
    else others.push(file);
  }
  if (kernel === undefined || kernel.now() - mtime > SETTLED) known.set(files, { key, lists });
  return lists;
}
