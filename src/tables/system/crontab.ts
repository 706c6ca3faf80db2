import { readStart } from '../../host/read-start.ts';
import { regularFiles } from '../../host/regular-files.ts';
import { parseCrontab } from '../../parse/crontab.ts';
import { integer, text } from '../../schema/columns.ts';
import { mountNamespaces } from '../../schema/mount-namespaces.ts';
import { table } from '../../schema/table.ts';

const SYSTEM = '/etc/crontab';
/** Of packages; the lines name the user. */
const SYSTEM_DIRECTORY = '/etc/cron.d';
/** Of users: macOS; directly in the spool (Red Hat), and one level deeper (Debian, SUSE). */
const USER_DIRECTORIES = ['/var/at/tabs', '/var/spool/cron', '/var/spool/cron/crontabs', '/var/spool/cron/tabs'];
/** What neither Debian's cron nor cronie (`not_a_crontab`) runs: hidden files, and those of editors and package managers. */
const NO_CRONTAB = /^[.#]|~$|\.rpm(save|orig|new)$/;

/** Everybody may have a crontab. One of 10,000 jobs, each a line of 100 characters, is a megabyte. */
const MAX_BYTES = 1024 * 1024;

/** Source: `/etc/crontab`, `/etc/cron.d` and the crontabs of users, `crontab(5)`. */
export const crontab = table({
  name: 'crontab',
  description: 'Jobs that cron runs.',
  platforms: ['linux', 'darwin'],
  cacheable: true,
  columns: {
    event: text('@reboot, @daily, …; then the fields of time are empty'),
    minute: text('Minutes, 0 to 59'),
    hour: text('Hours, 0 to 23'),
    day_of_month: text('Days of the month, 1 to 31'),
    month: text('Months, 1 to 12 or jan to dec'),
    day_of_week: text('Days of the week, 0 to 7 (0 and 7 are Sunday) or sun to sat'),
    command: text('Command; in files of the system the user who runs it comes first'),
    path: text('Path of the crontab'),
    pid_with_namespace: integer('Process whose view of the files is wanted; 0 for this machine', {
      additional: true,
      hidden: true,
      platforms: ['linux'],
    }),
  },
  examples: ["select path, command from crontab where event = '@reboot'"],
  *generate({ host, values, attempt, warn, row }) {
    for (const {
      host: { files },
      pid,
    } of mountNamespaces(host, values('pid_with_namespace'), attempt)) {
      const found = [SYSTEM_DIRECTORY, ...USER_DIRECTORIES].flatMap((directory) =>
        (attempt(() => regularFiles(files, directory)) ?? [])
          .filter((name) => !NO_CRONTAB.test(name))
          .map((name) => `${directory}/${name}`),
      );
      for (const path of [SYSTEM, ...found]) {
        const content = attempt(() => readStart(files, path, MAX_BYTES));
        if (content?.cut === true) warn(`truncated: ${path}: the first ${MAX_BYTES} bytes are read`);
        const system = path === SYSTEM || path.startsWith(`${SYSTEM_DIRECTORY}/`);
        for (const job of parseCrontab(content?.text ?? '', system)) {
          yield row({
            event: job.event,
            minute: job.minute,
            hour: job.hour,
            day_of_month: job.dayOfMonth,
            month: job.month,
            day_of_week: job.dayOfWeek,
            command: job.command,
            path,
            pid_with_namespace: pid,
          });
        }
      }
    }
  },
});
