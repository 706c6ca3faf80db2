/**
 * The thread that hears of files, and looks at them: the only one of those that hear which may hang in a file system. It waits
 * in the kernel, so nothing is said to it but to end.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Activity } from '../base/activity.ts';
import { OptionValues } from '../config/option-values.ts';
import { Collector } from '../events/collector.ts';
import type { HearingShares } from '../events/cpu-budget.ts';
import { FilesOutlet } from '../events/files/hand-over.ts';
import { FileProgress } from '../events/files/progress.ts';
import type { FileScanner } from '../events/files/scans.ts';
import { runLoop } from '../events/loop.ts';
import type { Publisher } from '../events/publisher.ts';
import { Recording } from '../events/recording.ts';
import { leftAlone } from '../host/left-alone.ts';
import { signal } from '../host/linux/event-descriptor.ts';
import { LinuxHost } from '../host/linux/linux-host.ts';
import { poll } from '../host/linux/poll.ts';
import { fileEventsRules } from '../host/linux/sandbox/kinds.ts';
import { uptime } from '../host/linux/uptime.ts';
import { momentOf } from '../schema/event-table.ts';
import { CarefulGuard } from './careful-guard.ts';
import type { FilesStart } from './daemon/files-threads.ts';
import { type EventWishes, eventTables } from './event-tables.ts';
import { attempt, resting } from './hearing.ts';
import { inotify } from './publishers/inotify.ts';
import type { EventSections } from './publishers/starter.ts';
import { enterSandbox, wantsSandbox } from './sandbox.ts';

/** What the thread is given. */
export interface FilesThreadData extends FilesStart {
  readonly options: ReadonlyMap<string, string>;
  readonly wishes: EventWishes;
  readonly sections: EventSections;
  /** The descriptor that says that events have gone. */
  readonly wake: number;
  /** Scans files; undefined where none are to be scanned. */
  readonly scans: MessagePort | undefined;
  /** Undefined for as much as there is. */
  readonly cpu: HearingShares | undefined;
  readonly spent: Float64Array;
}

/** What it tells. */
export type FromFilesThread =
  | { readonly kind: 'started' }
  | { readonly kind: 'say'; readonly severity: 'INFO' | 'WARNING' | 'ERROR'; readonly message: string }
  | { readonly kind: 'descriptors'; readonly descriptors: readonly number[] };

const data = workerData as FilesThreadData;
const { stop } = data;
const values = new OptionValues();
values.restore(data.options);
const tell = (message: FromFilesThread) => parentPort!.postMessage(message);
const say = (severity: 'INFO' | 'WARNING' | 'ERROR', message: string) => tell({ kind: 'say', severity, message });
const { files } = new LinuxHost();
const now = () => performance.now();
const stopped = () => Atomics.load(stop, 0) !== 0;

const tables = eventTables(values, data.wishes).filter(({ publisher }) => publisher === inotify.name);
const outlet = new FilesOutlet(data.channel, () => signal(data.wake), stopped);
const collector = new Collector(outlet, tables, (message) => say('ERROR', message));
/** No table of files asks anything of it. */
const moment = momentOf(files, uptime());
const publishers: Publisher[] = [];
attempt(inotify.name, say, () => publishers.push(...(start() ?? [])));
let told = '';
const held = enterSandbox(wantsSandbox(values), fileEventsRules);
say('INFO', `sandbox of the thread that hears of files: ${held}`);
keepHouse();
tell({ kind: 'started' });
try {
  runLoop({
    publishers,
    collector,
    wait: poll,
    owed: data.cpu === undefined ? () => 0 : resting(data.cpu, { all: data.spent, mine: 1 }, now, say),
    nap: (milliseconds) => void Atomics.wait(stop, 0, 0, milliseconds),
    stopped,
    now,
    keepHouse,
  });
} finally {
  for (const publisher of publishers) attempt(inotify.name, say, () => publisher.stop());
  keepHouse();
}

function start(): Publisher[] | undefined {
  const replay = values.string('replay');
  const recording = replay === '' ? undefined : new Recording(replay, files.readBytes(replay));
  if (recording !== undefined && recording.publisher !== inotify.name) return undefined;
  const publisher = inotify.start({
    options: values,
    sections: data.sections,
    recording,
    tables: tables.map(({ name }) => name),
    emit: (event) => collector.add(inotify.name, event, Math.floor(Date.now() / 1000), moment),
    files: {
      guard: new CarefulGuard(new Activity(data.activity), leftAlone(data.leftAlone)),
      progress: new FileProgress(data.progress),
      left: data.left,
      looks: data.looks,
      handOver: () => collector.flush(),
      holds: (descriptors) => tell({ kind: 'descriptors', descriptors }),
    },
    scanner: data.scans && scannerAt(data.scans),
    now,
    say,
    left: undefined,
    leave: () => {},
  });
  return publisher && [publisher];
}

function scannerAt(at: MessagePort): FileScanner {
  return {
    ask: (request) => at.postMessage(request),
    answer: () => receiveMessageOnPort(at)?.message,
  };
}

function keepHouse(): void {
  const counts = publishers[0]?.counts;
  const text = JSON.stringify(counts);
  if (counts !== undefined && text !== told) outlet.tell(counts);
  told = text;
}
