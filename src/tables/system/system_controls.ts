import { ifReadable } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';
import { SysctlSettings } from '../../parse/sysctl-conf.ts';
import { text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

const ROOT = '/proc/sys';

/** Where settings are kept, `sysctl.d(5)`: a file of an earlier folder replaces one of the same name in a later. */
const FOLDERS = ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d'];

/** The tree of sysctls is five deep; this ends a loop in a tree that is not the kernel's. */
const MAX_DEPTH = 12;

/** The longest value, of `dev.cdrom.info`, is some hundred bytes. */
const MAX_VALUE_BYTES = 64 * 1024;

/** Reading it does work on every processor, and waits for those that are busy. */
const NEVER_READ: ReadonlySet<string> = new Set(['vm.stat_refresh']);

/** Sources: `/proc/sys`, `proc_sys(5)`; `/etc/sysctl.conf` and the `sysctl.d` folders. */
export const systemControls = table({
  name: 'system_controls',
  description: 'Parameters of the running kernel (sysctls) and what the configuration sets them to.',
  platforms: ['linux', 'darwin'],
  columns: {
    name: text('Full name with dots: net.ipv4.ip_forward', { index: true }),
    oid: text('Number of the parameter; Linux has none', {
      additional: true,
      untested: 'parameters have no numbers on Linux',
    }),
    subsystem: text('First part of the name: kernel, vm, fs, net, …', { additional: true }),
    current_value: text('Value now; empty if it cannot be read'),
    config_value: text('Value that the configuration files set at boot'),
    type: text('Type of the value; always string on Linux'),
    field_name: text('Field of a value that is a structure', { platforms: ['darwin'] }),
  },
  examples: [
    "select current_value from system_controls where name = 'kernel.randomize_va_space'",
    "select name, current_value, config_value from system_controls where subsystem = 'vm'",
  ],
  *generate({ host, values, uses, row }) {
    const { files } = host;
    const names = values('name');
    const subsystems = values('subsystem');
    const settings = uses('config_value') ? readSettings(files) : new SysctlSettings();
    const paths =
      names === undefined
        ? walk(files, ROOT, 0, subsystems)
        : names.values().flatMap((name) => locate(files, ROOT, name.split('.')));
    for (const path of paths) {
      const relative = path.slice(ROOT.length + 1);
      const name = relative.replaceAll('/', '.');
      yield row({
        name,
        subsystem: name.slice(0, name.indexOf('.')),
        // Some cannot be read, by anyone or until they are set.
        current_value:
          uses('current_value') && !NEVER_READ.has(name)
            ? ifReadable(() => files.readText(path, { limit: MAX_VALUE_BYTES }).trim())
            : '',
        config_value: settings.valueOf(relative),
        type: 'string',
      });
    }
  },
});

/** The files below a directory; at the top, those in the directories `only`. */
function* walk(files: Files, directory: string, depth: number, only?: readonly string[]): Generator<string> {
  if (depth > MAX_DEPTH) return;
  for (const { name, kind } of ifReadable(() => files.list(directory)) ?? []) {
    const path = `${directory}/${name}`;
    if (kind === 'directory') {
      if (only === undefined || only.includes(name)) yield* walk(files, path, depth + 1);
    } else if (kind === 'regular' && depth > 0) yield path;
  }
}

/** The files whose path, dots for slashes, is made of `parts`: a dot may also be in the name of an interface (`eth0.7`). */
function* locate(files: Files, directory: string, parts: readonly string[]): Generator<string> {
  for (let count = 1; count <= Math.min(parts.length, MAX_DEPTH); count++) {
    const name = parts.slice(0, count).join('.');
    if (name === '' || name === '.' || name === '..' || name.includes('/')) continue;
    const path = `${directory}/${name}`;
    const kind = ifReadable(() => files.linkStat(path).kind);
    if (kind === 'directory') yield* locate(files, path, parts.slice(count));
    else if (kind === 'regular' && count === parts.length && directory !== ROOT) yield path;
  }
}

/** In order of file name whatever the folder, `/etc/sysctl.conf` at the end. */
function readSettings(files: Files): SysctlSettings {
  const paths = new Map<string, string>();
  for (const folder of FOLDERS.toReversed()) {
    for (const { name } of ifReadable(() => files.list(folder)) ?? []) {
      if (name.endsWith('.conf')) paths.set(name, `${folder}/${name}`);
    }
  }
  const settings = new SysctlSettings();
  const ordered = [...paths.keys()].sort().map((name) => paths.get(name)!);
  for (const path of [...ordered, '/etc/sysctl.conf']) settings.add(ifReadable(() => files.readText(path)) ?? '');
  return settings;
}
