import { ifReadable } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';
import { posixZoneAbbreviation } from '../../parse/posix-time-zone.ts';
import { zoneNameAt } from '../../parse/tzif.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Source: the kernel's clock. All columns but `local_timezone` are in UTC. */
export const time = table({
  name: 'time',
  description: 'The time now, in several forms.',
  platforms: ['linux', 'darwin', 'windows'],
  live: true,
  columns: {
    weekday: text('Day of the week in English'),
    year: integer('Year'),
    month: integer('Month, 1 to 12'),
    day: integer('Day of the month, 1 to 31'),
    hour: integer('Hour, 0 to 23'),
    minutes: integer('Minutes, 0 to 59'),
    seconds: integer('Seconds, 0 to 59'),
    timezone: text('Zone of the other columns; always UTC'),
    local_timezone: text('Short name of the zone the machine is set to, such as CEST'),
    unix_time: integer('Seconds since the epoch'),
    timestamp: text('As asctime(3) has it, with the zone: Thu Feb 29 08:05:09 2024 UTC'),
    datetime: text('As iso_8601', { aliases: ['date_time'] }),
    iso_8601: text('ISO 8601 to the second: 2024-02-29T08:05:09Z'),
    win_timestamp: bigint('Windows file time: tenths of a microsecond since 1601', { platforms: ['windows'] }),
  },
  examples: ['select iso_8601, local_timezone from time', 'select unix_time from time'],
  *generate({ host, kernel, uses, attempt, row }) {
    const unixTime = Math.floor(kernel.now());
    const now = new Date(unixTime * 1000);
    const iso = now.toISOString().replace(/\.000Z$/, 'Z');
    const weekday = WEEKDAYS[now.getUTCDay()]!;
    const month = MONTHS[now.getUTCMonth()]!;
    const day = `${now.getUTCDate()}`.padStart(2);
    yield row({
      weekday,
      year: now.getUTCFullYear(),
      month: now.getUTCMonth() + 1,
      day: now.getUTCDate(),
      hour: now.getUTCHours(),
      minutes: now.getUTCMinutes(),
      seconds: now.getUTCSeconds(),
      timezone: 'UTC',
      local_timezone: uses('local_timezone')
        ? (attempt(() => localZone(host.files, kernel.timeZone, unixTime)) ?? 'UTC')
        : '',
      unix_time: unixTime,
      timestamp: `${weekday.slice(0, 3)} ${month} ${day} ${iso.slice(11, 19)} ${now.getUTCFullYear()} UTC`,
      datetime: iso,
      iso_8601: iso,
    });
  },
});

/** A zone is named by its file (`Europe/Berlin`, `/etc/localtime`), or is a POSIX text of its own (`CET-1CEST`). */
function localZone(files: Files, zone: string, at: number): string | undefined {
  const isName = /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+){0,3}$/.test(zone);
  const path = isName ? `/usr/share/zoneinfo/${zone}` : zone;
  const content = path.startsWith('/') ? ifReadable(() => files.readBytes(path, { limit: 1024 * 1024 })) : undefined;
  if (content === undefined) return posixZoneAbbreviation(zone, at);
  const found = zoneNameAt(content, at, path);
  return found !== undefined && 'rule' in found ? posixZoneAbbreviation(found.rule, at) : found?.name;
}
