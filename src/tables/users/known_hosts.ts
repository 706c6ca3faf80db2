import { linesOf } from '../../base/lines.ts';
import { chosenUsers } from '../../schema/accounts.ts';
import { bigint, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';
import { UserTexts } from '../../schema/user-text.ts';

/** Source: `~/.ssh/known_hosts`, `sshd(8)`, SSH_KNOWN_HOSTS FILE FORMAT. */
export const knownHosts = table({
  name: 'known_hosts',
  description: 'Keys of the machines that users reached over SSH.',
  platforms: ['linux', 'darwin'],
  userData: true,
  columns: {
    uid: bigint('User who knows the machine', { index: true, optimized: true }),
    key: text('The line: markers, names of the machine or their hash, algorithm, key'),
    key_file: text('Path of the file'),
  },
  examples: ['select username, key from users join known_hosts using (uid)'],
  *generate({ host, values, attempt, warn, row }) {
    for (const user of chosenUsers(host, host, values('uid'), attempt, warn)) {
      const texts = new UserTexts(host.files, user);
      const path = `${user.directory}/.ssh/known_hosts`;
      for (const line of linesOf(attempt(() => texts.read(path)) ?? '')) {
        const key = line.trim();
        if (key !== '' && !key.startsWith('#')) yield row({ uid: user.uid, key, key_file: path });
      }
      texts.report(warn);
    }
  },
});
