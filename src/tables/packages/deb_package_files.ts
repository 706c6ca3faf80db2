import { text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

const ADMINDIR = '/var/lib/dpkg';
const SUFFIX = '.list';

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
      for (const { name: file } of attempt(() => files.list(`${admindir}/info`)) ?? []) {
        if (!file.endsWith(SUFFIX)) continue;
        // `libc6:amd64.list` where a package may be there for several architectures.
        const name = file.slice(0, -SUFFIX.length).split(':', 1)[0]!;
        if (wanted !== undefined && !wanted.includes(name)) continue;
        const content = attempt(() => files.readText(`${admindir}/info/${file}`)) ?? '';
        if (paths !== undefined && !paths.some((path) => content.includes(path))) continue;
        for (let start = 0; start < content.length; ) {
          const end = content.indexOf('\n', start);
          const path = content.slice(start, end < 0 ? undefined : end);
          start = end < 0 ? content.length : end + 1;
          if (path !== '') yield row({ package: name, path, admindir });
        }
      }
    }
  },
});
