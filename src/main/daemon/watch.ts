import { timerMs } from '../../base/clock.ts';
import type { OptionValues } from '../../config/option-values.ts';
import { watchdogLimits } from '../../daemon/watchdog/limits.ts';
import type { FromWorker, ToWorker } from '../../daemon/watchdog/messages.ts';
import { Watcher, type WorkerProcess } from '../../daemon/watchdog/watcher.ts';
import { cores, startSelf } from '../../host/linux/child-process.ts';
import type { DescriptorOutput } from '../../host/linux/standard-streams.ts';
import { glogLine } from '../../loggers/glog.ts';
import { SEVERITIES, type Severity } from '../../loggers/logger.ts';
import type { FromBackground } from './background.ts';
import { WORKER } from './roles.ts';

export interface WatchParts {
  readonly args: readonly string[];
  readonly options: OptionValues;
  readonly stderr: DescriptorOutput;
  readonly end: AbortSignal;
  readonly onReload: (listener: () => void) => void;
  /** To who put us into the background. */
  readonly report: (message: FromBackground) => void;
}

/**
 * How glibc's malloc keeps what is freed, mallopt(3). By itself it learns from one block of 30 MB to keep twice as much: after ten
 * minutes of 50 queries every 10 s it had 125 MB, 13 of them in use.
 */
const MALLOC = { MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '131072' };

/** The process that keeps a worker alive and within its limits; the exit code. */
export function runWatcher({ args, options, stderr, end, onReload, report }: WatchParts): Promise<number> {
  let worker: WorkerProcess | undefined;
  const verbose = options.bool('verbose');
  const least = options.bool('logger_stderr') ? (verbose ? 0 : options.number('logger_min_stderr')) : SEVERITIES.length;
  const say = (severity: Severity, message: string) => {
    if (SEVERITIES.indexOf(severity) >= least) {
      stderr.write(glogLine({ severity, time: Date.now(), file: 'watcher.ts', line: 0, message }, process.pid));
    }
    unheard.push({ kind: 'say', severity, message });
    if (unheard.length > MAX_UNHEARD) unheard.shift();
    if (running) hand();
  };
  // What is said while there is no worker is handed to the next.
  const unheard: ToWorker[] = [];
  let running = false;
  const hand = () => {
    for (const message of unheard.splice(0)) worker?.send(message);
  };
  const watcher = new Watcher(
    {
      limits: watchdogLimits(options, cores()),
      delay: options.number('watchdog_delay'),
      forcedShutdown: options.number('watchdog_forced_shutdown_delay'),
      maxDelay: options.number('watchdog_max_delay'),
      alarm: options.number('alarm_timeout'),
      debug: options.bool('enable_watchdog_debug') && verbose,
    },
    {
      start(listener) {
        worker = startSelf(args, { environment: { ...MALLOC, [WORKER]: String(process.pid) } }, (message) => {
          const heard = message as FromWorker;
          if (heard.kind === 'up') {
            running = true;
            hand();
          }
          if (heard.kind === 'failed') report(heard);
          else listener(heard);
        });
        running = false;
        void worker.ended.then(() => {
          running = false;
        });
        return worker;
      },
      now: () => performance.now() / 1000,
      pause,
      say,
      up: () => report({ kind: 'up' }),
    },
  );
  onReload(() => watcher.reload());
  return watcher.run(end);
}

/** Lines kept for the next worker. */
const MAX_UNHEARD = 100;

function pause(seconds: number, stop?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      stop?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, timerMs(seconds * 1000));
    stop?.addEventListener('abort', done);
  });
}
