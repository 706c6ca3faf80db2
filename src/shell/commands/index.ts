import { nearest } from '../../base/nearest.ts';
import { words } from '../input.ts';
import type { Session } from '../session.ts';
import { aboutCommands } from './about.ts';
import type { Command, CommandResult } from './command.ts';
import { queryCommands } from './queries.ts';
import { settingCommands } from './settings.ts';

/** Every dot-command, sorted by name. */
export const commands: readonly Command[] = [
  ...settingCommands,
  ...queryCommands,
  ...aboutCommands(() => commands),
].sort((a, b) => (a.name < b.name ? -1 : 1));

/** Runs `.name arguments`. A name may be shortened to any beginning that is one command's own, or the first one's. */
export async function runCommand(session: Session, line: string): Promise<CommandResult> {
  const [, name = '', rest = ''] = /^\.\s*(\S*)\s*([\s\S]*)$/.exec(line.trimEnd())!;
  const command = find(name);
  const args = command?.raw ? [rest.replace(/;$/, '')].filter((text) => text !== '') : words(rest);
  if (command === undefined || args.length < command.arity[0] || args.length > command.arity[1]) {
    const { err } = session.context;
    err.write(`Error: unknown command or invalid arguments:  "${name}". Enter ".help" for help\n`);
    if (command !== undefined) err.write(`  usage: .${command.name} ${command.usage}\n`);
    else {
      const near = nearest(
        name,
        commands.map((known) => known.name),
      );
      if (near !== undefined) err.write(`  did you mean .${near}?\n`);
    }
    return 1;
  }
  return command.run(session, args);
}

function find(name: string): Command | undefined {
  if (name === '') return undefined;
  const exact = commands.find((command) => command.name === name || command.aliases?.includes(name));
  return exact ?? commands.find((command) => command.name.startsWith(name));
}
