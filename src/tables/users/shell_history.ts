import { ifReadable } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';
import { parseShellHistory } from '../../parse/shell-history.ts';
import { chosenUsers } from '../../schema/accounts.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';
import { UserTexts } from '../../schema/user-text.ts';

/** In the home directory: bash, zsh, ksh and csh, sh of BusyBox. */
const HISTORIES = ['.bash_history', '.zsh_history', '.zhistory', '.history', '.sh_history', '.ash_history'];
const ZSH = /\/\.(zsh_history|zhistory)$/;
/** One file a terminal, where a bash is set up to keep them apart. */
const SESSIONS = '.bash_sessions';

/** Source: the history files that shells leave in home directories. */
export const shellHistory = table({
  name: 'shell_history',
  description: 'Commands that users typed into their shells, as far as their shells wrote them down.',
  platforms: ['linux', 'darwin'],
  userData: true,
  columns: {
    uid: bigint('User whose history it is', { additional: true, optimized: true }),
    time: integer('When the command was entered, Unix seconds; 0 if the shell did not write it'),
    command: text('The command as typed; of several lines with line feeds'),
    history_file: text('Path of the history file'),
  },
  examples: [
    'select command from shell_history',
    'select username, command from users join shell_history using (uid) where time > 1700000000',
  ],
  *generate({ host, values, attempt, warn, row }) {
    for (const user of chosenUsers(host, host, values('uid'), attempt, warn)) {
      const texts = new UserTexts(host.files, user);
      for (const path of historyFiles(host.files, user.directory, warn)) {
        const content = attempt(() => texts.read(path, true)) ?? '';
        for (const { time, command } of parseShellHistory(content, ZSH.test(path))) {
          yield row({ uid: user.uid, time, command, history_file: path });
        }
      }
      texts.report(warn);
    }
  },
});

function historyFiles(files: Files, home: string, warn: (message: string) => void): string[] {
  const sessions = ifReadable(() => sessionNames(files, `${home}/${SESSIONS}`, warn)) ?? [];
  return [...HISTORIES, ...sessions.map((name) => `${SESSIONS}/${name}`)].map((name) => `${home}/${name}`);
}

/** Files of one directory that are read: a terminal that is opened ten times a day for years leaves fewer. */
const MAX_SESSIONS = 10_000;

/** The directory is a user's: it may have a million files. */
function sessionNames(files: Files, directory: string, warn: (message: string) => void): string[] {
  const names: string[] = [];
  let leftOut = 0;
  for (const { name } of files.scan(directory)) {
    if (!name.endsWith('.history')) continue;
    if (names.length < MAX_SESSIONS) names.push(name);
    else leftOut += 1;
  }
  if (leftOut > 0) warn(`truncated: ${directory}: ${leftOut} files left out: ${MAX_SESSIONS} of a directory are read`);
  return names.sort();
}
