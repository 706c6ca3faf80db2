import { allOptions, type OptionDeclaration } from './options.ts';

/** What `--help` prints: osquery's headings, every option that is not hidden. */
export function helpText(program: string, version: string): string {
  const kind = (wanted: string) => allOptions.filter((option) => option[3] === wanted);
  const shell = program === 'osqueryi';
  return [
    `${program} ${version}: the machine as SQL tables`,
    `Usage: ${program} [OPTION]...${shell ? ' [SQL]' : ''}`,
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

function list(options: readonly OptionDeclaration[]): string {
  return options
    .map(([name, type, , , description]) => {
      const flag = `--${name}${type === 'bool' ? '' : ' VALUE'}`;
      return `    ${flag.padEnd(46)}${flag.length > 45 ? ' ' : ''}${description}`;
    })
    .toSorted()
    .join('\n');
}
