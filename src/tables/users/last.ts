import { fill } from '../../base/digest.ts';
import type { Files } from '../../host/host.ts';
import { parseUtmp, RECORD_BYTES } from '../../parse/utmp.ts';
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
  *generate({ host, attempt, warn, row }) {
    const bytes = attempt(() => newest(host.files, warn));
    if (bytes === undefined) return;
    for (const { type, pid, line, user, host: from, time } of parseUtmp(bytes)) {
      const name = TYPE_NAMES.get(type);
      if (name !== undefined) yield row({ username: user, tty: line, pid, type, type_name: name, time, host: from });
    }
  },
});

/** The records at the end of the file, which are the newest. Throws `HostError`. */
function newest(files: Files, warn: (message: string) => void): Buffer {
  using file = files.open(PATH);
  const records = Math.floor(file.stat.size / RECORD_BYTES);
  const bytes = Buffer.allocUnsafe(Math.min(records, MAX_RECORDS) * RECORD_BYTES);
  let position = records * RECORD_BYTES - bytes.length;
  if (position > 0) {
    warn(`truncated: ${PATH}: ${position / RECORD_BYTES} records left out: the newest ${MAX_RECORDS} are read`);
  }
  const length = fill((into) => {
    const count = file.readAt(into, position);
    position += count;
    return count;
  }, bytes);
  return bytes.subarray(0, length);
}
