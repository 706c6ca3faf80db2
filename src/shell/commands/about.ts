import { ownOptions } from '../../config/options.ts';
import type { Session } from '../session.ts';
import type { Command } from './command.ts';

/** Scripts compare what `.features` shows with that of osquery. */
const own: ReadonlySet<string> = new Set(ownOptions.map(([name]) => name));

/** The commands about the shell itself. */
export function aboutCommands(all: () => readonly Command[]): readonly Command[] {
  return [
    { name: 'exit', usage: '[CODE]', help: 'Leave, with this exit code', arity: [0, 1], run: leave },
    {
      name: 'features',
      usage: '',
      help: 'Show which features are enabled or disabled',
      arity: [0, 0],
      run({ context, out }) {
        const names = [...context.options.declarations]
          .filter(([name, type]) => type === 'bool' && /^(disable|enable)_/.test(name) && !own.has(name))
          .map(([name]) => name);
        for (const name of names.sort()) out.write(`${name}: ${context.options.string(name)}\n`);
        return 0;
      },
    },
    {
      name: 'help',
      usage: '',
      help: 'Show this',
      arity: [0, Number.POSITIVE_INFINITY],
      run({ out }) {
        out.write('SQL ends with a semicolon; commands begin with a dot and may be shortened.\n\n');
        for (const { name, usage, help } of all()) out.write(`${`.${name} ${usage}`.padEnd(20)} ${help}\n`);
        return 0;
      },
    },
    {
      name: 'print',
      usage: 'TEXT...',
      help: 'Print these words',
      arity: [0, Number.POSITIVE_INFINITY],
      run({ out }, words) {
        out.write(`${words.join(' ')}\n`);
        return 0;
      },
    },
    { name: 'quit', usage: '', help: 'Leave', arity: [0, 0], run: leave },
    { name: 'show', aliases: ['summary'], usage: '', help: 'Show the settings in force', arity: [0, 0], run: show },
    { name: 'summary', usage: '', help: 'The same as .show', arity: [0, 0], run: show },
    {
      name: 'version',
      usage: '',
      help: 'Show the version',
      arity: [0, Number.POSITIVE_INFINITY],
      async run({ context, out }) {
        out.write(`osquery ${context.version}\n`);
        await context.runner.run('select sqlite_version()', {
          columns() {},
          row: ([version]) => out.write(`using SQLite ${version}\n`),
        });
        return 0;
      },
    },
  ];
}

function leave(_session: Session, [code]: readonly string[]): number | 'exit' {
  const number = Number.parseInt(code ?? '0', 10) || 0;
  if (number !== 0) process.exitCode = number & 0xff;
  return 'exit';
}

function show({ context, settings, out }: Session): number {
  const { options } = context;
  const line = (name: string, value: string) => out.write(`${name.padStart(13)}: ${value}\n`);
  const onOff = (on: boolean) => (on ? 'on' : 'off');
  const plugin = (name: string, place: string) => {
    const value = options.string(name);
    return value === 'filesystem' ? `${value} (${options.string(place)})` : value;
  };
  out.write(`osquery ${context.version}\n\nGeneral settings:\n`);
  line('Flagfile', context.flagfile);
  line('Config', plugin('config_plugin', 'config_path'));
  line('Logger', plugin('logger_plugin', 'logger_path'));
  line('Distributed', options.string('distributed_plugin'));
  line('Database', options.bool('disable_database') ? 'ephemeral' : `sqlite (${options.string('database_path')})`);
  line('Extensions', '');
  line('Socket', options.string('extensions_socket'));
  out.write('\nShell settings:\n');
  line('echo', onOff(settings.echo));
  line('headers', onOff(settings.header));
  line('mode', settings.mode);
  line('nullvalue', JSON.stringify(settings.nullValue));
  line('output', options.string('output') || 'stdout');
  line('separator', JSON.stringify(settings.separator));
  line('width', settings.widths.map((width) => `${width} `).join(''));
  out.write('\nNon-default flags/options:\n');
  for (const [name, , defaultValue] of options.declarations) {
    const value = options.string(name);
    if (value !== defaultValue) out.write(`  ${name}: ${value}\n`);
  }
  return 0;
}
