import { fill } from '../../base/digest.ts';
import type { Files, OpenFile } from '../../host/host.ts';
import { parseUtmp, UTMP_SAMPLE, type UtmpRecord, utmpRecordBytes } from '../../parse/utmp.ts';
import { integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** `ut_type`, `utmp(5)`: somebody logged in, a session ended. */
const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [7, 'user-process'],
  [8, 'dead-process'],
]);

const PATH = '/var/log/wtmp';
/** Every login of a user makes two records: 100,000 are a year of one login every five minutes. */
const MAX_RECORDS = 100_000;

/** Where wtmpdb keeps its file, which has times of 64 bits: since version 0.13, and before. */
const DATABASES = ['/var/lib/wtmpdb/wtmp.db', '/var/log/wtmp.db'];
/** `USER_PROCESS` of wtmpdb is 3; times are microseconds. A login is one row there, and up to two here. */
const LOGINS = `
  WITH newest AS (SELECT * FROM wtmp WHERE Type = 3 ORDER BY ID DESC LIMIT ${MAX_RECORDS / 2})
  SELECT User, TTY, RemoteHost, 7, Login / 1000000 AS time FROM newest
  UNION ALL
  SELECT '', TTY, '', 8, Logout / 1000000 FROM newest WHERE Logout IS NOT NULL
  ORDER BY time, 4 DESC`;

/** Source: `/var/log/wtmp`, and the file of `wtmpdb(8)` where distributions gave wtmp up. */
export const last = table({
  name: 'last',
  description: 'Logins and their ends, as wtmp keeps them.',
  platforms: ['linux', 'darwin'],
  cacheable: true,
  columns: {
    username: text('User; empty at the end of a session'),
    tty: text('Terminal'),
    pid: integer('Process of the session; wtmpdb has none'),
    type: integer('Kind of the record: 7 a login, 8 an end'),
    type_name: text('Kind of the record in words'),
    time: integer('When it happened, Unix seconds'),
    host: text('Host from which the user came'),
  },
  examples: ['select username, time, host from last where type = 7 order by time desc limit 10'],
  *generate(query) {
    const { host, attempt, warn, row } = query;
    const records = attempt(() => newest(host.files, warn)) ?? [];
    for (const { type, pid, line, user, host: from, time } of records) {
      const name = TYPE_NAMES.get(type);
      if (name !== undefined) yield row({ username: user, tty: line, pid, type, type_name: name, time, host: from });
    }
    const path = DATABASES.find((database) => attempt(() => host.files.exists(database)));
    if (path === undefined) return;
    const logins = query.sqlite.rows(path, LOGINS)[Symbol.iterator]();
    try {
      for (let step = attempt(() => logins.next()); step?.done === false; step = attempt(() => logins.next())) {
        const [user, tty, from, type, time] = step.value;
        yield row({
          username: `${user ?? ''}`,
          tty: `${tty ?? ''}`,
          type: Number(type),
          type_name: TYPE_NAMES.get(Number(type)),
          time: Number(time),
          host: `${from ?? ''}`,
        });
      }
    } finally {
      logins.return?.();
    }
  },
});

/** The records at the end of the file, which are the newest. Throws `HostError`. */
function newest(files: Files, warn: (message: string) => void): Iterable<UtmpRecord> {
  using file = files.open(PATH);
  const length = utmpRecordBytes(readFrom(file, 0, Math.min(UTMP_SAMPLE, file.stat.size)), file.stat.size);
  const records = Math.floor(file.stat.size / length);
  const count = Math.min(records, MAX_RECORDS);
  const leftOut = records - count;
  if (leftOut > 0) warn(`truncated: ${PATH}: ${leftOut} records left out: the newest ${MAX_RECORDS} are read`);
  return parseUtmp(readFrom(file, leftOut * length, count * length), length);
}

function readFrom(file: OpenFile, start: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let position = start;
  const read = fill((into) => {
    const count = file.readAt(into, position);
    position += count;
    return count;
  }, bytes);
  return bytes.subarray(0, read);
}
