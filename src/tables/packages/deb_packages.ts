import type { Files } from '../../host/host.ts';
import { type DpkgPackage, parseDpkgStatus, withUpdates } from '../../parse/dpkg-status.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { mountNamespaces } from '../../schema/mount-namespaces.ts';
import { table } from '../../schema/table.ts';

const ADMINDIR = '/var/lib/dpkg';

type Attempt = <T>(read: () => T) => T | undefined;

/** `MAXUPDATES` of dpkg: then it writes `status` anew. */
const MAX_UPDATES = 250;
/** Bytes of all updates, which are held together: a paragraph has 2 KB, that of a kernel 200. */
const MAX_UPDATE_BYTES = 16 * 1024 * 1024;
/** Files of `status.d` that are read, one at a time: an image made of single packages has tens. */
const MAX_SINGLE = 10_000;

/**
 * Source: dpkg's `status` file, deb-control(5), and what a dpkg that runs or broke off left in `updates`; `status.d` of images
 * without dpkg, a file a package.
 */
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
  *generate({ host, values, attempt, warn, row }) {
    for (const { host: seen, pid, id } of mountNamespaces(host, values('pid_with_namespace'), attempt)) {
      for (const admindir of values('admindir') ?? [ADMINDIR]) {
        for (const { field } of packagesIn(seen.files, admindir, attempt, warn)) {
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

function* packagesIn(files: Files, admindir: string, attempt: Attempt, warn: (message: string) => void) {
  const textOf = (path: string, limit?: number) => attempt(() => files.readText(path, limit ? { limit } : {})) ?? '';
  /** Paths in order; of a directory that somebody filled, the first. */
  const pathsIn = (name: string, most: number, counts: (file: string) => boolean) => {
    const directory = `${admindir}/${name}`;
    const names = (attempt(() => files.list(directory)) ?? []).map((entry) => entry.name).filter(counts);
    if (names.length > most) warn(`truncated: ${directory}: ${most} of ${names.length} files are read`);
    return names
      .sort()
      .slice(0, most)
      .map((file) => `${directory}/${file}`);
  };

  // dpkg numbers its updates; what it writes just now has a name without digits.
  const updates: DpkgPackage[] = [];
  let room = MAX_UPDATE_BYTES;
  for (const path of pathsIn('updates', MAX_UPDATES, (file) => /^[0-9]{1,10}$/.test(file))) {
    const content = textOf(path, room);
    room = Math.max(1, room - content.length);
    updates.push(...parseDpkgStatus(content));
  }
  yield* withUpdates(parseDpkgStatus(textOf(`${admindir}/status`)), updates);
  // Beside a package lie the sums of its files.
  for (const path of pathsIn('status.d', MAX_SINGLE, (file) => !file.endsWith('.md5sums'))) {
    yield* parseDpkgStatus(textOf(path));
  }
}
