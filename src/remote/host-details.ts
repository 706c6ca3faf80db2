import { ifReadable } from '../base/errors.ts';
import type { Files } from '../host/host.ts';
import { parseOsRelease } from '../parse/os-release.ts';

/** A row by column; NULL or a column that is not there is left out. */
export type Row = Readonly<Record<string, string | number | bigint | null | undefined>>;

/** Runs SQL. */
export type Select = (sql: string) => Promise<readonly Row[]>;

/** What a server is told of this machine: tables, and of each the columns. All values are text, as osquery sends them. */
export type HostDetails = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * The tables in osquery's order. `always`: columns that it sends even where they are empty; of the others only those with a
 * value, and never those that are for other systems.
 */
const TABLES: readonly { readonly name: string; readonly select: string; readonly always: readonly string[] }[] = [
  {
    name: 'os_version',
    // A hidden column has to be named.
    select: 'select *, pid_with_namespace from os_version',
    always: ['name', 'version', 'major', 'minor', 'patch', 'platform', 'codename', 'arch', 'pid_with_namespace'],
  },
  {
    name: 'osquery_info',
    select: 'select * from osquery_info',
    always: [
      ...['pid', 'uuid', 'instance_id', 'version', 'config_hash', 'config_valid', 'extensions', 'build_platform'],
      ...['build_distro', 'start_time', 'watcher', 'platform_mask'],
    ],
  },
  { name: 'platform_info', select: 'select * from platform_info', always: [] },
  {
    name: 'system_info',
    select: 'select * from system_info',
    always: [
      ...['hostname', 'uuid', 'cpu_type', 'cpu_subtype', 'cpu_brand', 'cpu_physical_cores', 'cpu_logical_cores'],
      ...['cpu_sockets', 'cpu_microcode', 'physical_memory', 'hardware_model', 'computer_name', 'local_hostname'],
    ],
  },
];

/** A table that has no row, or whose query fails, is left out: a server that knows less is better than none. */
export async function hostDetails(select: Select, files: Files, warn: (message: string) => void): Promise<HostDetails> {
  const details: Record<string, Readonly<Record<string, string>>> = {};
  for (const { name, select: sql, always } of TABLES) {
    try {
      const [row] = await select(sql);
      if (row === undefined) continue;
      const hidden = name === 'os_version' ? { _id: releaseNumber(files) } : {};
      details[name] = columnsOf({ ...row, ...hidden }, always);
    } catch (cause) {
      warn(`${name}: not among what the server is told at enrolment: ${(cause as Error).message}`);
    }
  }
  return details;
}

/** Sorted by name, as a map of osquery is. */
function columnsOf(row: Row, always: readonly string[]): Record<string, string> {
  const columns: Record<string, string> = {};
  for (const name of Object.keys(row).toSorted()) {
    const value = `${row[name] ?? ''}`.toWellFormed();
    if (value !== '' || always.includes(name)) columns[name] = value;
  }
  return columns;
}

/** `VERSION_ID`, which osquery's table has in its row and not among its columns. */
function releaseNumber(files: Files): string | undefined {
  const content = ['/etc/os-release', '/usr/lib/os-release']
    .map((path) => ifReadable(() => files.readText(path)))
    .find((text) => text !== undefined);
  return parseOsRelease(content ?? '').get('VERSION_ID');
}
