import { ifReadable } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';
import { parseShellHistory } from '../../parse/shell-history.ts';
import { chosenUsers } from '../../schema/accounts.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';
import { readUserFile } from '../../schema/user-files.ts';

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
      for (const path of historyFiles(host.files, user.directory)) {
        const content = attempt(() => readUserFile(host.files, path, user)) ?? '';
        for (const { time, command } of parseShellHistory(content, ZSH.test(path))) {
          yield row({ uid: user.uid, time, command, history_file: path });
        }
      }
    }
  },
});

function historyFiles(files: Files, home: string): string[] {
  const sessions = ifReadable(() => sessionNames(files, `${home}/${SESSIONS}`)) ?? [];
  return [...HISTORIES, ...sessions.map((name) => `${SESSIONS}/${name}`)].map((name) => `${home}/${name}`);
}

/** The directory is a user's: it may have a million other files. */
function sessionNames(files: Files, directory: string): string[] {
  const names: string[] = [];
  for (const { name } of files.scan(directory)) if (name.endsWith('.history')) names.push(name);
  return names.sort();
}
