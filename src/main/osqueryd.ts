import { timerMs } from '../base/clock.ts';
import { UserError } from '../base/errors.ts';
import { OSQUERY_VERSION, VERSION } from '../base/version.ts';
import { parseCommandLine } from '../config/command-line.ts';
import type { OptionValues } from '../config/option-values.ts';
import type { FromWorker, ToWorker } from '../daemon/watchdog/messages.ts';
import { endAtOnce } from '../host/linux/end-at-once.ts';
import { mustHaveDescriptors } from '../host/linux/open-files.ts';
import { lockPidFile, nameDaemon } from '../host/linux/pid-file.ts';
import { DescriptorOutput, writeFromBackground } from '../host/linux/standard-streams.ts';
import { readFlagfile } from '../host/linux/user-files.ts';
import type { FromBackground } from './daemon/background.ts';
import { BACKGROUND, WORKER } from './daemon/roles.ts';

const DEFAULT_FLAGFILE = '/etc/osquery/osquery.flags.default';
const PROGRAM = 'osqueryd';

const startedMs = Date.now();
/** Longer than any reader that is well lets us wait. Meanwhile nothing else is done. */
const patienceMs = 1000;
const stdout = new DescriptorOutput(1, 0, { lasting: true, patienceMs });
const stderr = new DescriptorOutput(2, 0, { patienceMs });

endAtOnce();
main(process.argv.slice(2)).then(
  (code) => leave(code),
  async (cause: unknown) => {
    if (!(cause instanceof UserError)) throw cause;
    stderr.write(`ERROR: ${cause.message}\n`);
    await send({ kind: 'failed', message: cause.message });
    leave(1);
  },
);

async function main(args: readonly string[]): Promise<number> {
  const { values, help, version } = parseCommandLine(args, {
    readFile: flagfile,
    defaultFlagfile: DEFAULT_FLAGFILE,
  });
  if (version) return print(`osqueryd version ${OSQUERY_VERSION} (osquery-ts ${VERSION})\n`);
  if (help) return print((await import('../config/help.ts')).helpText(PROGRAM, OSQUERY_VERSION));
  if (values.bool('config_check') || values.bool('config_dump') || values.bool('database_dump')) {
    return (await import('./daemon/inspect.ts')).inspect(values, stdout, stderr);
  }
  const watcher = Number(process.env[WORKER] ?? 0);
  if (watcher === 0 && values.bool('daemonize') && process.env[BACKGROUND] === undefined) {
    return (await import('./daemon/background.ts')).startInBackground(args, (text) => stderr.write(text));
  }
  return await run(values, args, watcher);
}

/** A worker says nothing: its watcher has read the same. */
function flagfile(path: string): string {
  return readFlagfile(path, (message) => {
    if (process.env[WORKER] === undefined) stderr.write(`WARNING: ${message}\n`);
  });
}

/** The daemon itself: a watcher and its worker, or both in one. */
async function run(options: OptionValues, args: readonly string[], watcher: number): Promise<number> {
  nameDaemon();
  writeFromBackground();
  mustHaveDescriptors();
  if (options.string('root') !== '') (await import('./root.ts')).checkRoot(options);
  // From here on a signal ends the daemon as it should, however early it comes.
  const end = new AbortController();
  // SIGUSR1 is how osquery's watcher ends its worker; unless it means something here, Node opens a port for debuggers at it.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR1'] as const) process.on(signal, () => end.abort(signal));
  let reload = () => {};
  process.on('SIGHUP', () => reload());
  const onReload = (listener: () => void) => {
    reload = listener;
  };
  using up = new DisposableStack();
  if (watcher === 0 && !options.bool('ephemeral')) {
    up.use(
      lockPidFile(options.string('pidfile'), { force: options.bool('force'), unsafe: options.bool('allow_unsafe') }),
    );
  }
  if (watcher === 0 && !options.bool('disable_watchdog')) {
    const { runWatcher } = await import('./daemon/watch.ts');
    return await runWatcher({
      args,
      options,
      stderr,
      end: end.signal,
      onReload,
      report: (message) => void send(message),
    });
  }
  // Without its watcher a worker would run beside the next one.
  const watched = watcher > 0;
  if (watched) process.once('disconnect', () => end.abort('the watcher is gone'));
  end.signal.addEventListener('abort', () => cutShort(options));
  const { runWorker } = await import('./daemon/worker.ts');
  return await runWorker({
    options,
    stdout,
    stderr,
    watcher: watched ? watcher : undefined,
    startedMs,
    end,
    tell: (message) => void send(message),
    onMessage: (listener) => void process.on('message', (message) => listener(message as ToWorker)),
    onReload,
  });
}

/** To whoever started us and listens: a watcher, or who put us into the background; until it is on its way. */
function send(message: FromWorker | FromBackground): Promise<void> {
  const listens = process.env[WORKER] !== undefined || process.env[BACKGROUND] !== undefined;
  if (!listens || process.send === undefined || !process.connected) return Promise.resolve();
  return new Promise((resolve) => process.send!(message, undefined, {}, () => resolve()));
}

/** `--alarm_timeout`: what does not end by itself is ended. */
function cutShort(options: OptionValues): void {
  setTimeout(() => process.exit(1), timerMs(options.number('alarm_timeout') * 1000)).unref();
}

/** Milliseconds after which nothing that is still under way is waited for: all is closed, but what hangs in the kernel. */
const LAST_MS = 500;

/** A channel would keep us alive. */
function leave(code: number): void {
  process.exitCode = code;
  setTimeout(() => process.exit(), LAST_MS).unref();
  if (process.connected) process.disconnect();
}

function print(text: string): number {
  stdout.write(text);
  return 0;
}
