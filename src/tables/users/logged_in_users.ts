import { regularFiles } from '../../host/regular-files.ts';
import { parseSystemdSession } from '../../parse/systemd-session.ts';
import { parseUtmp } from '../../parse/utmp.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** `ut_type`, `utmp(5)`. */
const TYPES = ['empty', 'runlevel', 'boot_time', 'new_time', 'old_time', 'init', 'login', 'user', 'dead', 'accounting'];

const SESSIONS = '/run/systemd/sessions';

/** Source: `/run/utmp`; on distributions that gave it up, the sessions of systemd-logind. */
export const loggedInUsers = table({
  name: 'logged_in_users',
  description: 'Who is logged in, and the other records of utmp: boot, run level, terminals that wait.',
  platforms: ['linux', 'darwin', 'windows'],
  cacheable: true,
  columns: {
    type: text('Kind of the record: user, login, boot_time, dead, …'),
    user: text('User'),
    tty: text('Terminal'),
    host: text('Host from which the user came; of other kinds the kernel'),
    time: bigint('When the record was made, Unix seconds'),
    pid: integer('Process of the session'),
    sid: text('Security identifier', { platforms: ['windows'] }),
    registry_hive: text('Registry of the user', { platforms: ['windows'] }),
  },
  examples: ["select user, tty, host, time from logged_in_users where type = 'user'"],
  *generate({ host, attempt, row }) {
    const bytes =
      attempt(() => host.files.readBytes('/var/run/utmp')) ?? attempt(() => host.files.readBytes('/run/utmp'));
    for (const { type, pid, line, user, host: from, time } of bytes === undefined ? [] : parseUtmp(bytes)) {
      // The record of init itself says nothing about anybody.
      if (pid === 1) continue;
      yield row({ type: TYPES[type] ?? 'unknown', user, tty: line, host: from, time, pid });
    }
    if (bytes !== undefined) return;
    for (const name of attempt(() => regularFiles(host.files, SESSIONS)) ?? []) {
      const session = parseSystemdSession(attempt(() => host.files.readText(`${SESSIONS}/${name}`)) ?? '');
      // The others are those of login windows, cron and systemd itself.
      if (session?.class.startsWith('user') !== true || session.state === 'closing') continue;
      const { user, tty, host: from, time, leader } = session;
      yield row({ type: 'user', user, tty, host: from, time, pid: leader });
    }
  },
});
