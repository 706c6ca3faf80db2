import { parseDpkgStatus } from '../../parse/dpkg-status.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { mountNamespaces } from '../../schema/mount-namespaces.ts';
import { table } from '../../schema/table.ts';

const ADMINDIR = '/var/lib/dpkg';

/** Source: dpkg's `status` file, deb-control(5). */
export const debPackages = table({
  name: 'deb_packages',
  description: 'Packages that dpkg knows on this machine: installed, or removed with their configuration left.',
  platforms: ['linux'],
  cacheable: true,
  columns: {
    name: text('Name of the package'),
    version: text('Version, with epoch and revision', { collate: 'version_dpkg' }),
    source: text('Source package, where its name or version is another'),
    size: bigint('Size when installed, in KiB'),
    arch: text('Architecture'),
    revision: text('Revision of the packaging: what follows the last hyphen of the version'),
    status: text('What is wanted, whether there is an error, and the state'),
    maintainer: text('Who packaged it'),
    section: text('Section of the archive'),
    priority: text('Priority'),
    admindir: text('Directory of dpkg’s database', { additional: true, optimized: true }),
    pid_with_namespace: integer('Process whose view of the file is wanted; 0 for this machine', {
      additional: true,
      hidden: true,
      platforms: ['linux'],
    }),
    mount_namespace_id: text('Inode of the mount namespace of that process', { hidden: true, platforms: ['linux'] }),
  },
  examples: [
    'select name, version from deb_packages order by size desc limit 10',
    "select count(*) from deb_packages where status = 'install ok installed'",
  ],
  *generate({ host, values, attempt, row }) {
    for (const { host: seen, pid, id } of mountNamespaces(host, values('pid_with_namespace'), attempt)) {
      for (const admindir of values('admindir') ?? [ADMINDIR]) {
        const content = attempt(() => seen.files.readText(`${admindir}/status`)) ?? '';
        for (const { field } of parseDpkgStatus(content)) {
          const name = field('Package');
          const status = field('Status');
          // Known from somewhere, but neither installed nor configured.
          if (name === '' || status.endsWith(' not-installed')) continue;
          const version = field('Version');
          const hyphen = version.lastIndexOf('-');
          const size = field('Installed-Size');
          yield row({
            name,
            version,
            source: field('Source'),
            size: /^\d{1,15}$/.test(size) ? Number(size) : undefined,
            arch: field('Architecture'),
            revision: hyphen < 0 ? '' : version.slice(hyphen + 1),
            status,
            maintainer: field('Maintainer'),
            section: field('Section'),
            priority: field('Priority'),
            admindir,
            pid_with_namespace: pid,
            mount_namespace_id: id,
          });
        }
      }
    }
  },
});
