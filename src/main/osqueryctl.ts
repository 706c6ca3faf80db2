import { UserError } from '../base/errors.ts';
import { OSQUERY_VERSION, VERSION } from '../base/version.ts';
import { parseCommandLine } from '../config/command-line.ts';
import type { OptionValues } from '../config/option-values.ts';
import { runProgram } from '../host/linux/child-process.ts';
import { endAtOnce } from '../host/linux/end-at-once.ts';
import { endDaemon, runningDaemon } from '../host/linux/pid-file.ts';
import { DescriptorOutput } from '../host/linux/standard-streams.ts';
import { storeFiles } from '../host/linux/store-files.ts';
import { readFlagfile } from '../host/linux/user-files.ts';
import { removeStore } from '../store/sqlite-store.ts';
import { storeFilesOf } from './store-files.ts';

const HELP = `osqueryctl: starts, stops and checks osqueryd

usage: osqueryctl <command> [flags of osqueryd]

  start         start the daemon in the background
  stop          end it, and wait until it has ended
  restart       both
  status        say whether it runs
  config-check  say what is wrong with its configuration
  clean         remove its database: what it knows of earlier results

Without flags the service of systemd is used where it is installed; else osqueryd with the flags given, or those of
/etc/osquery/osquery.flags.
`;

const FLAGFILE = '/etc/osquery/osquery.flags';
const DEFAULT_FLAGFILE = '/etc/osquery/osquery.flags.default';
/** Exit codes of init scripts: LSB, "Init Script Actions". */
const EXIT = { usage: 2, notRunning: 3 };
const SERVICE = 'osqueryd.service';
/** Where systemd looks for units; systemd.unit(5). */
const UNITS = [
  '/etc/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];
/** There if systemd is what runs the machine: sd_booted(3). */
const SYSTEMD = '/run/systemd/system';
/** Seconds a daemon may take to end beyond its own `--alarm_timeout`. */
const GRACE = 5;

const stdout = new DescriptorOutput(1, 0);
const stderr = new DescriptorOutput(2, 0);

endAtOnce();
try {
  const [command, ...flags] = process.argv.slice(2);
  process.exitCode = run(command, flags);
} catch (cause) {
  if (!(cause instanceof UserError)) throw cause;
  stderr.write(`ERROR: ${cause.message}\n`);
  process.exitCode = 1;
}

function run(command: string | undefined, given: readonly string[]): number {
  if (command === '--version') return say(`osqueryctl version ${OSQUERY_VERSION} (osquery-ts ${VERSION})`);
  if (command === '--help' || command === 'help') {
    stdout.write(HELP);
    return 0;
  }
  const isService = given.length === 0 && hasService();
  if (isService && (command === 'start' || command === 'stop' || command === 'restart' || command === 'status')) {
    return runProgram('systemctl', [command, SERVICE]);
  }
  const flags = given.length === 0 && storeFiles.exists(FLAGFILE) ? [`--flagfile=${FLAGFILE}`] : given;
  const { values } = parseCommandLine(flags, { readFile: flagfile, defaultFlagfile: DEFAULT_FLAGFILE });
  switch (command) {
    case 'start':
      return start(values, flags);
    case 'stop':
      return stop(values);
    case 'restart':
      return stop(values) || start(values, flags);
    case 'status':
      return status(values);
    case 'config-check':
      return daemon([...flags, '--config_check']);
    case 'clean':
      return clean(values);
    default:
      stderr.write(HELP);
      return EXIT.usage;
  }
}

function flagfile(path: string): string {
  return readFlagfile(path, (message) => stderr.write(`WARNING: ${message}\n`));
}

function start(values: OptionValues, flags: readonly string[]): number {
  const pid = runningDaemon(values.string('pidfile'));
  if (pid !== undefined) return say(`osqueryd is running already. pid: ${pid}`);
  return daemon([...flags, '--daemonize']) || status(values);
}

function stop(values: OptionValues): number {
  const path = values.string('pidfile');
  const pid = runningDaemon(path);
  if (pid === undefined) return say('osqueryd is not running');
  const seconds = values.number('alarm_timeout') + GRACE;
  if (!endDaemon(pid, path, seconds)) throw new UserError(`osqueryd (${pid}) has not ended after ${seconds} seconds`);
  return say('osqueryd has ended');
}

function status(values: OptionValues): number {
  const pid = runningDaemon(values.string('pidfile'));
  if (pid !== undefined) return say(`osqueryd is running. pid: ${pid}`);
  say('osqueryd is not running');
  return EXIT.notRunning;
}

function clean(values: OptionValues): number {
  const pid = runningDaemon(values.string('pidfile'));
  if (pid !== undefined) throw new UserError(`osqueryd is running (${pid}): stop it first`);
  const removed = removeStore(values.string('database_path'), storeFilesOf(values));
  return say(removed.length === 0 ? 'there is no database' : removed.map((path) => `removed ${path}`).join('\n'));
}

/** The daemon that belongs to this program. */
function daemon(flags: readonly string[]): number {
  return runProgram(process.execPath, [
    ...process.execArgv,
    process.argv[1]!.replace(/osqueryctl(\.js)?$/, 'osqueryd$1'),
    ...flags,
  ]);
}

function hasService(): boolean {
  return storeFiles.exists(SYSTEMD) && UNITS.some((folder) => storeFiles.exists(`${folder}/${SERVICE}`));
}

function say(text: string): number {
  stdout.write(`${text}\n`);
  return 0;
}
