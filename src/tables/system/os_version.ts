import { ifPresent, ifReadable } from '../../base/errors.ts';
import type { Files, Host } from '../../host/host.ts';
import { exactVersion, parseOsRelease, parseReleaseLine } from '../../parse/os-release.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { mountNamespaces } from '../../schema/mount-namespaces.ts';
import { table } from '../../schema/table.ts';

/**
 * Sources: `os-release(5)`; where that has less than the whole version, files that have it. `/etc/redhat-release` and
 * `/etc/gentoo-release` say of which family the distribution is.
 */
export const osVersion = table({
  name: 'os_version',
  description: 'The operating system: distribution, version, architecture.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    name: text('Name of the distribution'),
    version: text('Version in words', { collate: 'version' }),
    major: integer('First number of the version'),
    minor: integer('Second number of the version'),
    patch: integer('Third number of the version'),
    build: text('Build of a distribution that is released as images'),
    platform: text('Distribution as a word: debian, ubuntu, rhel, arch, …'),
    platform_like: text('Distributions it is made from, separated by spaces'),
    codename: text('Code name of the release'),
    arch: text('Architecture of the machine, as uname -m'),
    extra: text('Rapid security response version', { platforms: ['darwin'] }),
    install_date: bigint('Time of the installation, seconds since the epoch', { platforms: ['windows'] }),
    revision: integer('Update revision', { platforms: ['windows'] }),
    pid_with_namespace: integer('Process whose view of the files is wanted; 0 for this machine', {
      additional: true,
      hidden: true,
      platforms: ['linux'],
    }),
    mount_namespace_id: text('Mount namespace of that process', { hidden: true, platforms: ['linux'] }),
  },
  examples: ['select name, version, arch from os_version'],
  *generate({ host, values, attempt, row }) {
    for (const space of mountNamespaces(host, values('pid_with_namespace'), attempt)) {
      const { files } = space.host;
      const content =
        attempt(() => ifPresent(() => files.readText('/etc/os-release')) ?? files.readText('/usr/lib/os-release')) ??
        '';
      const values = parseOsRelease(content);
      yield row({
        ...fromOsRelease(values, files),
        ...fromReleaseFile(values, files),
        arch: architecture(host),
        pid_with_namespace: space.pid,
        mount_namespace_id: space.id,
      });
    }
  },
});

type Values = ReadonlyMap<string, string>;

function fromOsRelease(values: Values, files: Files) {
  const id = values.get('VERSION_ID') ?? '';
  const exact = exactVersion(id, [
    values.get('VERSION'),
    values.get('PRETTY_NAME'),
    values.get('DEBIAN_VERSION_FULL'),
    // Of a distribution made from Debian it is the version of that.
    values.get('ID') === 'debian' ? textOf(files, '/etc/debian_version') : undefined,
    // Amazon Linux 2023, before its os-release had it.
    values.get('ID') === 'amzn' ? textOf(files, '/etc/system-release') : undefined,
  ]);
  const [major = 0, minor = 0, patch = 0] = exact.split('.', 3).map(leadingNumber);
  const version = values.get('VERSION') ?? '';
  return {
    name: values.get('NAME') ?? 'Unknown',
    version: version === id ? exact : version,
    major,
    minor,
    patch,
    build: values.get('BUILD_ID') ?? '',
    platform: values.get('ID') ?? 'posix',
    platform_like: values.get('ID_LIKE') ?? '',
    // Some distributions invent a name of their own: UBUNTU_CODENAME, DEBIAN_CODENAME.
    codename: values.get('VERSION_CODENAME') ?? values.entries().find(([name]) => name.includes('CODENAME'))?.[1] ?? '',
  };
}

function leadingNumber(text: string): number {
  return Number(/^[0-9]{1,9}/.exec(text)?.[0] ?? 0);
}

/**
 * Whoever has the file of the Red Hat family (Fedora, CentOS, Oracle, …) or of Gentoo is of that platform, as in osquery, whose
 * packs ask for it. The line in it counts only where os-release is silent, or if it is about the distribution that os-release names and
 * has more than a major version: Oracle's says Red Hat.
 */
function fromReleaseFile(values: Values, files: Files) {
  for (const [path, platform] of [
    ['/etc/redhat-release', 'rhel'],
    ['/etc/gentoo-release', 'gentoo'],
  ] as const) {
    const content = textOf(files, path);
    if (content === undefined) continue;
    const family = { platform, platform_like: platform };
    const version = content.trim().replace(/\s+/g, ' ');
    const line = parseReleaseLine(version);
    const name = values.get('NAME');
    if (name === undefined || line?.name === name) return { ...family, ...line, version };
    return values.has('VERSION') ? family : { ...family, version };
  }
  return {};
}

function textOf(files: Files, path: string): string | undefined {
  return ifReadable(() => files.readText(path));
}

/** The file exists since Linux 6.1. */
function architecture({ files, kernel }: Host): string | undefined {
  return kernel?.identity().machine ?? ifReadable(() => files.readText('/proc/sys/kernel/arch').trim());
}
