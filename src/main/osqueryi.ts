import { createRequire } from 'node:module';
import { UserError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { OSQUERY_VERSION, VERSION } from '../base/version.ts';
import { parseCommandLine } from '../config/command-line.ts';
import type { OptionValues } from '../config/option-values.ts';
import { endAtOnce } from '../host/linux/end-at-once.ts';
import { exactArguments } from '../host/linux/exact-arguments.ts';
import { historyFile } from '../host/linux/history-file.ts';
import { DescriptorOutput, isTerminal, standardInputLines } from '../host/linux/standard-streams.ts';
import { openForWriting, readUserFile } from '../host/linux/user-files.ts';
import { LocalRunner } from '../shell/local-runner.ts';
import { runShell } from '../shell/run.ts';
import type { SqlRunner } from '../shell/runner.ts';
import { visible } from '../shell/terminal-text.ts';
import { openEngine, warningText } from './open-engine.ts';
import { checkRoot } from './root.ts';

const DEFAULT_FLAGFILE = '/etc/osquery/osquery.flags.default';

/** What the shell is without, whatever flags say; osquery does the same. */
const FORCED: readonly (readonly [string, string])[] = [
  ['disable_events', 'true'],
  ['disable_logging', 'true'],
  ['disable_watchdog', 'true'],
  ['disable_database', 'true'],
  ['disable_extensions', 'true'],
  ['disable_caching', 'true'],
];

const require = createRequire(import.meta.url);
const stderr = new DescriptorOutput(2, 0);

endAtOnce();
// Nothing that is still open matters: everything is written.
main(process.argv.slice(2)).then((code) => process.exit(code));

async function main(args: readonly string[]): Promise<number> {
  try {
    const { values, operands, help, version, flagfile } = parseCommandLine(exactArguments(args), {
      readFile: readUserFile,
      defaultFlagfile: DEFAULT_FLAGFILE,
    });
    const versions = `${OSQUERY_VERSION} (osquery-ts ${VERSION})`;
    const stdout = new DescriptorOutput(descriptor(values));
    if (version) stdout.write(`osqueryi version ${versions}\n`);
    else if (help) stdout.write((await import('../config/help.ts')).helpText('osqueryi', OSQUERY_VERSION));
    if (version || help) {
      stdout.flush();
      return 0;
    }
    for (const [name, value] of FORCED) values.set(values.declaration(name)!, value);
    checkRoot(values);
    return await shell(values, operands, flagfile, stdout, versions);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    stderr.write(`ERROR: ${cause.message}\n`);
    return 1;
  }
}

/** Where results go: standard output, or the file of `--output`. */
function descriptor(values: OptionValues): number {
  const path = values.string('output');
  if (path === '' || path === '-') return 1;
  try {
    return openForWriting(path);
  } catch {
    throw new UserError(`Cannot open output file '${path}'`);
  }
}

async function shell(
  options: OptionValues,
  operands: readonly string[],
  flagfile: string,
  out: DescriptorOutput,
  version: string,
): Promise<number> {
  const code = await runShell({
    options,
    operands,
    out,
    err: stderr,
    version,
    flagfile,
    stdinIsTerminal: () => isTerminal(0),
    outIsTerminal: () => isTerminal(out.descriptor),
    stdinLines: standardInputLines,
    readFile: readUserFile,
    history: historyFile(),
    localRunner: () => localRunner(options),
    threadRunner: (warn) => startThread(options, warn),
    pack: (name) => packQueries(options, name),
    cpuSeconds: () => {
      const { user, system } = process.cpuUsage();
      return { user: user / 1e6, system: system / 1e6 };
    },
  });
  out.flush();
  return code;
}

/** SQL in this thread, and beside it what ends the program after a deadline. */
function localRunner(options: OptionValues): LocalRunner {
  const seconds = options.number('query_timeout');
  const { startDeadline } = seconds > 0 ? (require('./deadline.ts') as typeof import('./deadline.ts')) : {};
  const clock = startDeadline?.(seconds * 1000);
  return new LocalRunner(
    openEngine(options, { clock, warn: (warning) => stderr.write(visible(warningText(warning))) }),
  );
}

/** The queries of `--pack`. */
function packQueries(
  options: OptionValues,
  name: string,
): readonly { readonly name: string; readonly query: string }[] {
  const { loadConfiguration } = require('./configuration.ts') as typeof import('./configuration.ts');
  const { packs } = loadConfiguration(options, (problem) => stderr.write(`Warning: ${problem}\n`));
  const chosen = packs.filter((pack) => pack.name === name);
  if (chosen.length > 0) return chosen.flatMap(({ queries }) => queries);
  const near = nearest(
    name,
    packs.map((pack) => pack.name),
  );
  throw new UserError(`the configuration has no pack ${name}${near === undefined ? '' : `\n  did you mean ${near}?`}`);
}

/** SQL in a thread of its own. */
async function startThread(options: OptionValues, warn: (text: string) => void): Promise<SqlRunner> {
  const [{ Worker }, { ThreadRunner }, { SHARED_BYTES }, { prepareSandboxes }] = await Promise.all([
    import('node:worker_threads'),
    import('../shell/interactive/thread-runner.ts'),
    import('../shell/interactive/protocol.ts'),
    import('./sandbox.ts'),
  ]);
  prepareSandboxes(options);
  const shared = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  const values = Array.from(options.declarations, ([name]) => [name, options.string(name)] as const);
  const start = () =>
    new Worker(new URL('./sql-thread.ts', import.meta.url), {
      workerData: { options: values, shared },
      // Those of netlink and openat2(2) are not opened by Node, which would complain of each that is closed.
      trackUnmanagedFds: false,
    });
  return new ThreadRunner(start, shared, warn, options.number('query_timeout') * 1000);
}
