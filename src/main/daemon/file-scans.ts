import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { Activity } from '../../base/activity.ts';
import type { OptionValues } from '../../config/option-values.ts';
import type { YaraRules } from '../../config/yara.ts';
import { HangWatch, hangMs } from '../../daemon/hang.ts';
import { HungThreads, leftAloneText } from '../../daemon/hung-threads.ts';
import { sparingly } from '../../daemon/sparingly.ts';
import { LOOK_SECONDS, watchdogLimits } from '../../daemon/watchdog/limits.ts';
import { cores } from '../../host/linux/child-process.ts';
import { trimHeap } from '../../host/linux/trim-heap.ts';
import type { Severity } from '../../loggers/logger.ts';
import type { ScanAnswer, ScanRequest } from '../../schema/yara-match.ts';
import type { ScannerData } from '../../yara/messages.ts';
import { type ScannerThread, YaraScanner } from '../../yara/scanner.ts';
import { saySandbox, wantsSandbox } from '../sandbox.ts';

const MEGABYTE = 1024 * 1024;
/** Megabytes of JavaScript's objects: what is found, on its way. */
const HEAP = 48;
const YOUNG = 6;
/** Milliseconds of one scan, and in which a group is compiled, where the watchdog does not want less. */
const SCAN_MS = 10_000;
const COMPILE_MS = 60_000;
/** Of the processor time that the watchdog lets the agent have, what scans may take, however many files change. */
const SHARE = 0.5;
/** What memory the rules, a file and what is found may have together, where the watchdog does not want less. */
const MEMORY = 1024 * MEGABYTE;
/** Threads that hang: each keeps its rules in memory. */
const MOST_HUNG = 2;

/** Scans files for the thread that hears of them, which must not wait for that. */
export interface FileScansOf {
  /** Takes requests and gives answers, for that thread; one that it had before is closed. */
  connect(): MessagePort;
  close(): Promise<void>;
}

/** Starts it; undefined where the configuration has nothing to scan. */
export function startFileScans(
  yara: YaraRules,
  options: OptionValues,
  say: (severity: Severity, message: string) => void,
  placeOf: (path: string) => string | undefined,
): FileScansOf | undefined {
  const groups = new Set([...yara.filePaths.values()].flat());
  if (groups.size === 0) return undefined;
  const { latency, memory, cpuMs } = watchdogLimits(options, cores());
  const trims = options.bool('yara_malloc_trim');
  // YARA itself, without rules and files, has the other half.
  const limits = {
    sizeLimit: Math.min(options.number('read_max'), Math.floor(memory / 4)),
    memoryLimit: Math.min(MEMORY, Math.floor(memory / 2)),
    trims,
    sandboxed: wantsSandbox(options),
  };
  const said = sparingly((message) => say('ERROR', message));
  const hung = new HungThreads(() => performance.now());
  const milliseconds = hangMs(options);
  const start = (names: readonly string[]): ScannerThread => {
    const activity = new Activity();
    const watch = new HangWatch(milliseconds, () => performance.now());
    const { shared } = activity;
    const given = { groups: only(yara.signatures, names), ...limits, activity: shared, leftAlone: hung.places };
    const thread = startThread(given, say);
    const hangs = () => {
      const call = activity.look();
      if (!watch.hangs(call)) return undefined;
      const place = placeOf(call!.path);
      thread.on('exit', hung.add(place));
      return `${call!.operation} ${call!.path} does not return since ${milliseconds / 1000} s${leftAloneText(place)}`;
    };
    return Object.assign(thread, { hangs }) as unknown as ScannerThread;
  };
  const scanner = new YaraScanner({
    start,
    canStart: () => hung.count < MOST_HUNG,
    groups: [...groups].filter((group) => yara.signatures.has(group)),
    say: (message) => said(`yara: ${message}`),
    // The watchdog would end the agent.
    scanMs: Math.min(SCAN_MS, Math.max(1, latency - LOOK_SECONDS) * 1000),
    compileMs: COMPILE_MS,
    rest: Math.max(1, (LOOK_SECONDS * 1000) / (cpuMs * SHARE) - 1),
    endsIdle: trims,
    ended: trims ? trimHeap : () => {},
  });
  let port: MessagePort | undefined;
  return {
    connect() {
      port?.close();
      const { port1, port2 } = new MessageChannel();
      port1.on('message', async ({ id, path, groups: wanted }: ScanRequest) => {
        port1.postMessage({ id, outcome: await scanner.scan(path, wanted) } satisfies ScanAnswer);
      });
      port1.unref();
      port = port1;
      return port2;
    },
    close: async () => {
      port?.close();
      await scanner.close();
    },
  };
}

function only<T>(all: ReadonlyMap<string, T>, names: readonly string[]): Map<string, T> {
  return new Map([...all].filter(([name]) => names.includes(name)));
}

function startThread(workerData: ScannerData, say: (severity: Severity, message: string) => void): Worker {
  const worker = new Worker(new URL('../yara-thread.ts', import.meta.url), {
    workerData,
    trackUnmanagedFds: false,
    resourceLimits: { maxOldGenerationSizeMb: HEAP, maxYoungGenerationSizeMb: YOUNG },
  });
  saySandbox(worker, 'the thread that scans files', say);
  return worker;
}
