import { MODES, type Mode } from '../printers/index.ts';
import type { Session } from '../session.ts';
import type { Command } from './command.ts';

/** The commands that change how the shell behaves. */
export const settingCommands: readonly Command[] = [
  switchCommand('bail', 'Stop after an error in input that is not typed', (session, on) => {
    session.settings.bail = on;
  }),
  switchCommand('echo', 'Print each command before it runs', (session, on) => {
    session.settings.echo = on;
  }),
  {
    ...switchCommand('headers', 'Print the names of columns', (session, on) => {
      session.settings.header = on;
    }),
    aliases: ['header'],
  },
  switchCommand('timer', 'Print the time that each query takes', (session, on) => {
    session.settings.timer = on;
  }),
  {
    name: 'mode',
    usage: 'MODE',
    help: `Print rows as one of: ${MODES.join(' ')}`,
    arity: [1, 1],
    choices: MODES,
    run({ settings, context }, [wanted]) {
      const mode = MODES.find((name) => name === wanted || `${name}s` === wanted) as Mode | undefined;
      if (mode === undefined) {
        context.err.write(`Error: mode should be one of: ${MODES.join(' ')}\n`);
        return 1;
      }
      settings.mode = mode;
      if (mode === 'csv') settings.separator = ',';
      return 0;
    },
  },
  {
    name: 'nullvalue',
    usage: 'TEXT',
    help: 'Show NULL as this text',
    arity: [1, 1],
    run({ settings }, [text]) {
      settings.nullValue = text!;
      return 0;
    },
  },
  {
    name: 'separator',
    usage: 'TEXT',
    help: 'Put this text between cells in list and csv mode',
    arity: [1, 1],
    run({ settings }, [text]) {
      settings.separator = text!;
      return 0;
    },
  },
  {
    name: 'width',
    usage: 'NUMBER...',
    help: 'Set the widths of columns in column mode; 0 chooses, negative aligns right',
    arity: [1, 100],
    run({ settings }, widths) {
      // A width beyond any terminal would only fill memory with blanks.
      const most = 10_000;
      settings.widths = widths.map((text) => Math.max(-most, Math.min(most, Number.parseInt(text, 10) || 0)));
      return 0;
    },
  },
];

function switchCommand(name: string, help: string, set: (session: Session, on: boolean) => void): Command {
  return {
    name,
    usage: 'ON|OFF',
    help,
    arity: [1, 1],
    choices: ['on', 'off'],
    run(session, [word]) {
      set(session, isOn(session, word!));
      return 0;
    },
  };
}

function isOn({ context }: Session, word: string): boolean {
  if (/^(on|yes|y|true|t|enable)$/i.test(word) || (/^(0x[0-9a-f]+|\d+)$/i.test(word) && Number(word) !== 0))
    return true;
  if (!/^(off|no|n|false|f|disable|0x0+|0+)$/i.test(word)) {
    context.err.write(`ERROR: Not a boolean value: "${word}". Assuming "no".\n`);
  }
  return false;
}
