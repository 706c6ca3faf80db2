import { parseShadow } from '../../parse/shadow.ts';
import { bigint, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** Source: `/etc/shadow`, `shadow(5)`, which only root may read. Hashes are never shown. */
export const shadow = table({
  name: 'shadow',
  description: 'State and ageing of passwords, without the passwords.',
  platforms: ['linux'],
  columns: {
    password_status: text('active, locked, empty or not_set'),
    hash_alg: text('Id of the algorithm that the password is hashed with, crypt(5): 6, y, …'),
    last_change: bigint('Day of the last change, days since 1970; -1 if not known'),
    min: bigint('Days before the password may be changed again; -1 if not limited'),
    max: bigint('Days after which the password must be changed; -1 if not limited'),
    warning: bigint('Days before that on which the user is warned; -1 if not'),
    inactive: bigint('Days after that until the account is disabled; -1 if never'),
    expire: bigint('Day on which the account expires, days since 1970; -1 if never'),
    flag: bigint('Reserved field; -1 if empty'),
    username: text('Name of the account', { index: true, optimized: true }),
  },
  examples: ["select username, last_change from shadow where password_status = 'active'"],
  *generate({ host, attempt, row }) {
    for (const entry of parseShadow(attempt(() => host.files.readText('/etc/shadow')) ?? '')) {
      yield row({
        password_status: entry.status,
        hash_alg: entry.algorithm,
        last_change: entry.lastChange,
        min: entry.min,
        max: entry.max,
        warning: entry.warning,
        inactive: entry.inactive,
        expire: entry.expire,
        flag: entry.flag,
        username: entry.name,
      });
    }
  },
});
