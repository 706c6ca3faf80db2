import { regularFiles } from '../../host/regular-files.ts';
import { parseSudoers, type SudoersRule } from '../../parse/sudoers.ts';
import { text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

const MAIN = '/etc/sudoers';
/** As deep as sudo goes, `sudoers(5)`. */
const MAX_DEPTH = 128;
/** Files that include each other in every order have no end in practice. */
const MAX_FILES = 4096;

/** Source: `/etc/sudoers` and what it includes, `sudoers(5)`. */
export const sudoers = table({
  name: 'sudoers',
  description: 'Rules that say who may run what as whom with sudo.',
  platforms: ['linux', 'darwin'],
  columns: {
    source: text('Path of the file'),
    header: text('First word of the rule: a user, %group, Defaults, User_Alias, @include, …'),
    rule_details: text('Rest of the rule'),
  },
  examples: ["select header, rule_details from sudoers where rule_details like '%NOPASSWD%'"],
  *generate({ host, attempt, warn, row }) {
    const { files } = host;
    let read = 0;

    /** What is included comes right after the rule that includes it, as sudo reads it. */
    function* rulesOf(source: string, above: readonly string[]): Generator<SudoersRule & { source: string }> {
      // sudo, too, refuses a file that includes itself.
      if (above.includes(source)) return warn(`${source} includes itself`);
      if (above.length >= MAX_DEPTH) return warn(`more than ${MAX_DEPTH} files include each other`);
      if (read++ === MAX_FILES) warn(`more than ${MAX_FILES} files are included`);
      if (read > MAX_FILES) return;
      const within = [...above, source];
      for (const rule of parseSudoers(attempt(() => files.readText(source)) ?? '')) {
        yield { ...rule, source };
        if (rule.include === undefined) continue;
        const path = absolute(rule.include.path, source);
        for (const included of rule.include.directory ? filesOf(path) : [path]) yield* rulesOf(included, within);
      }
    }

    /** Names with a dot or a tilde at the end are those of editors and package managers: sudo skips them. */
    function filesOf(directory: string): string[] {
      const names = attempt(() => regularFiles(files, directory)) ?? [];
      return names.filter((name) => !name.includes('.') && !name.endsWith('~')).map((name) => `${directory}/${name}`);
    }

    /** Relative to the file that includes it; `%h` is the short name of the machine. */
    function absolute(path: string, source: string): string {
      const named = path.replaceAll('%h', () => hostName().split('.', 1)[0]!);
      const whole = named.startsWith('/') ? named : `${source.slice(0, source.lastIndexOf('/'))}/${named}`;
      return whole.length > 1 && whole.endsWith('/') ? whole.slice(0, -1) : whole;
    }

    function hostName(): string {
      return host.kernel?.identity().node ?? attempt(() => files.readText('/etc/hostname'))?.trim() ?? '';
    }

    for (const { source, header, details } of rulesOf(MAIN, [])) yield row({ source, header, rule_details: details });
  },
});
