import { parseUtmp } from '../../parse/utmp.ts';
import { integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** `ut_type`, `utmp(5)`: somebody logged in, a session ended. */
const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [7, 'user-process'],
  [8, 'dead-process'],
]);

/** Source: `/var/log/wtmp`. */
export const last = table({
  name: 'last',
  description: 'Logins and their ends, as wtmp keeps them.',
  platforms: ['linux', 'darwin'],
  cacheable: true,
  columns: {
    username: text('User; empty at the end of a session'),
    tty: text('Terminal'),
    pid: integer('Process of the session'),
    type: integer('Kind of the record: 7 a login, 8 an end'),
    type_name: text('Kind of the record in words'),
    time: integer('When it happened, Unix seconds'),
    host: text('Host from which the user came'),
  },
  examples: ['select username, time, host from last where type = 7 order by time desc limit 10'],
  *generate({ host, attempt, row }) {
    const bytes = attempt(() => host.files.readBytes('/var/log/wtmp'));
    if (bytes === undefined) return;
    for (const { type, pid, line, user, host: from, time } of parseUtmp(bytes)) {
      const name = TYPE_NAMES.get(type);
      if (name !== undefined) yield row({ username: user, tty: line, pid, type, type_name: name, time, host: from });
    }
  },
});
