import { parseAuthorizedKeys } from '../../parse/authorized-keys.ts';
import { chosenUsers } from '../../schema/accounts.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { mountNamespaces } from '../../schema/mount-namespaces.ts';
import { table } from '../../schema/table.ts';
import { UserTexts } from '../../schema/user-text.ts';

/** What sshd reads by default, `AuthorizedKeysFile` in `sshd_config(5)`. */
const FILES = ['.ssh/authorized_keys', '.ssh/authorized_keys2'];

/** Source: `~/.ssh/authorized_keys`, `sshd(8)`. */
export const authorizedKeys = table({
  name: 'authorized_keys',
  description: 'Public keys that may log in as a user over SSH.',
  platforms: ['linux', 'darwin'],
  userData: true,
  columns: {
    uid: bigint('User whom the key lets in', { additional: true }),
    algorithm: text('Algorithm of the key: ssh-ed25519, ssh-rsa, …'),
    key: text('Public key in base64'),
    options: text('Options before the key, as they stand'),
    comment: text('Comment behind the key'),
    key_file: text('Path of the file'),
    pid_with_namespace: integer('Process whose view of the files is wanted; 0 for this machine', {
      additional: true,
      hidden: true,
      platforms: ['linux'],
    }),
  },
  examples: ['select username, algorithm, comment from users join authorized_keys using (uid)'],
  *generate({ host, values, attempt, warn, row }) {
    for (const { host: seen, pid } of mountNamespaces(host, values('pid_with_namespace'), attempt)) {
      for (const user of chosenUsers(host, seen, values('uid'), attempt, warn)) {
        const texts = new UserTexts(seen.files, user);
        for (const name of FILES) {
          const path = `${user.directory}/${name}`;
          const content = attempt(() => texts.read(path)) ?? '';
          for (const key of parseAuthorizedKeys(content)) {
            yield row({ uid: user.uid, ...key, key_file: path, pid_with_namespace: pid });
          }
        }
        texts.report(warn);
      }
    }
  },
});
