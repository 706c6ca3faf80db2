import { allOptions, type OptionDeclaration } from './options.ts';

/** What `--help` prints: osquery's headings, every option that is not hidden. */
export function helpText(program: string, version: string): string {
  const kind = (wanted: string) => allOptions.filter((option) => option[3] === wanted);
  const shell = program === 'osqueryi';
  return [
    `${program} ${version}: the machine as SQL tables`,
    `Usage: ${program} [OPTION]...${shell ? ' [SQL]' : ''}`,
    'Flags are given as --name=VALUE or --name VALUE, those without VALUE as --name or --noname.',
    `command line flags:\n\n${list([...BUILT_IN, ...kind('cli')])}`,
    `configuration options (set by config or CLI flags):\n\n${list(kind('option'))}`,
    ...(shell ? [`shell-only CLI flags:\n\n${list(kind('shell'))}`] : []),
  ]
    .join('\n\n')
    .concat('\n');
}

const BUILT_IN: readonly OptionDeclaration[] = [
  ['flagfile', 'string', '', 'cli', 'Read flags from this file, one a line'],
  ['help', 'bool', 'false', 'cli', 'Print this and exit'],
  ['version', 'bool', 'false', 'cli', 'Print the version and exit'],
];

/** Columns of the text. */
const WIDTH = 100;
/** Where descriptions begin: behind all flags but the longest few. */
const INDENT = 47;

function list(options: readonly OptionDeclaration[]): string {
  return options.map(entry).toSorted().join('\n');
}

function entry([name, type, , , description]: OptionDeclaration): string {
  const flag = `    --${name}${type === 'bool' ? '' : ' VALUE'}`;
  let lines = '';
  let line = flag.length < INDENT ? flag.padEnd(INDENT - 1) : flag;
  for (const word of description.split(' ')) {
    if (line.length + 1 + word.length > WIDTH) {
      lines += `${line}\n`;
      line = ' '.repeat(INDENT - 1);
    }
    line += ` ${word}`;
  }
  return lines + line;
}
