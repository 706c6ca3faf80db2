/** The thread that hears events. It waits in the kernel, so messages to it are looked for now and then. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { HostError, UserError } from '../base/errors.ts';
import { OptionValues } from '../config/option-values.ts';
import { sparingly } from '../daemon/sparingly.ts';
import { Collector } from '../events/collector.ts';
import { HearingBudget, type HearingShares, type Share } from '../events/cpu-budget.ts';
import type { FileScanner } from '../events/files/scans.ts';
import { runLoop } from '../events/loop.ts';
import type { FromEvents, ToEvents } from '../events/messages.ts';
import type { Publisher } from '../events/publisher.ts';
import type { Turn } from '../events/reading.ts';
import { Recording } from '../events/recording.ts';
import { Retention } from '../events/retention.ts';
import { LinuxHost } from '../host/linux/linux-host.ts';
import { poll } from '../host/linux/poll.ts';
import { eventsRules } from '../host/linux/sandbox/kinds.ts';
import { storeFiles } from '../host/linux/store-files.ts';
import { uptime } from '../host/linux/uptime.ts';
import { type Moment, momentOf } from '../schema/event-table.ts';
import { openOrRenew } from '../store/damaged.ts';
import { EventStore } from '../store/event-store.ts';
import { type EventWishes, eventTables } from './event-tables.ts';
import { starters } from './publishers/index.ts';
import type { EventSections } from './publishers/starter.ts';
import { enterSandbox, wantsSandbox } from './sandbox.ts';

/** What the thread is given. */
export interface EventsThreadData {
  readonly options: ReadonlyMap<string, string>;
  readonly wishes: EventWishes;
  readonly sections: EventSections;
  readonly path: string;
  /** Whether the file may be damaged. */
  readonly check: boolean;
  /** For each identity of a store, tables to the last ids that somebody has seen. */
  readonly known: readonly (readonly [identity: string, table: string, eid: number])[];
  /** Publishers to what a thread that was killed left to be restored. */
  readonly left: ReadonlyMap<string, number>;
  /** Not 0 ends the thread. */
  readonly stop: Int32Array;
  readonly port: MessagePort;
  /** Of those that read events. */
  readonly turn: Turn;
  /** Scans files; undefined where none are to be scanned. */
  readonly scans: MessagePort | undefined;
  /** Undefined for as much as there is. */
  readonly cpu: HearingShares | undefined;
}

const { options, wishes, sections, path, check, known, left, stop, port, turn, scans, cpu } =
  workerData as EventsThreadData;
const values = new OptionValues();
values.restore(options);
const tell = (message: FromEvents) => parentPort!.postMessage(message);
const files = new LinuxHost().files;
const now = () => performance.now();

using store = openOrRenew(
  path,
  storeFiles,
  (message) => tell({ kind: 'say', severity: 'WARNING', message }),
  () => new EventStore(path, { check }),
);
const tables = eventTables(values, wishes);
for (const { name } of tables) {
  const seen = known.filter(([identity, table]) => identity === store.identity && table === name);
  store.open(name, Math.max(0, ...seen.map(([, , eid]) => eid)));
}
const collector = new Collector(store, tables, (message) => tell({ kind: 'say', severity: 'ERROR', message }));
const bytes = values.number('events_max_bytes');
const limits = { expiry: values.number('events_expiry'), rows: values.number('events_max'), bytes };
const syslogLimits = { expiry: values.number('syslog_events_expiry'), rows: values.number('syslog_events_max'), bytes };
const retention = new Retention(store, (table) => (table === 'syslog_events' ? syslogLimits : limits), turn, hear);
/** For the events that come together: to ask for each costs more than to store it. */
let moment: Moment | undefined;
let told = '';
const publishers = startPublishers();
// What they need of the kernel they have, and nothing of what others made was read yet.
const held = enterSandbox(wantsSandbox(values), () =>
  eventsRules(
    path,
    publishers.map(({ name }) => name),
  ),
);
tell({ kind: 'say', severity: 'INFO', message: `sandbox of the thread that hears events: ${held}` });
keepHouse();
tell({ kind: 'started', identity: store.identity });
try {
  runLoop({
    publishers,
    collector,
    wait: (descriptors, milliseconds) => {
      moment = undefined;
      return poll(descriptors, milliseconds);
    },
    owed: cpu === undefined ? () => 0 : resting(cpu),
    nap: (milliseconds) => void Atomics.wait(stop, 0, 0, milliseconds),
    stopped: () => Atomics.load(stop, 0) !== 0,
    now,
    keepHouse,
  });
} finally {
  for (const publisher of publishers) {
    attempt(publisher.name, () => {
      publisher.stop();
      tell({ kind: 'left', publisher: publisher.name, value: undefined });
    });
  }
  keepHouse();
  tell({ kind: 'ended' });
}

function startPublishers(): Publisher[] {
  const started: Publisher[] = [];
  const recording = recorded(values.string('replay'));
  for (const starter of starters.values()) {
    const { name } = starter;
    const fed = tables.filter(({ publisher }) => publisher === name).map((table) => table.name);
    if (fed.length === 0 || (recording !== undefined && recording.publisher !== name)) continue;
    attempt(name, () => {
      const publisher = starter.start({
        options: values,
        sections,
        recording,
        tables: fed,
        emit: (event) => {
          moment ??= momentOf(files, uptime());
          collector.add(name, event, Math.floor(Date.now() / 1000), moment);
        },
        scanner: scans && scannerAt(scans),
        now,
        say: (severity, message) => tell({ kind: 'say', severity, message }),
        left: left.get(name),
        leave: (value) => tell({ kind: 'left', publisher: name, value }),
      });
      if (publisher !== undefined) started.push(publisher);
    });
  }
  return started;
}

/** What is heard instead of the kernel; undefined for nothing. */
function recorded(file: string): Recording | undefined {
  return file === '' ? undefined : new Recording(file, files.readBytes(file));
}

function scannerAt(at: MessagePort): FileScanner {
  return {
    ask: (request) => at.postMessage(request),
    answer: () => receiveMessageOnPort(at)?.message,
  };
}

/** How long to rest, so that the thread stays within its share. */
function resting(shares: HearingShares): () => number {
  const milliseconds = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1000;
  const spent = () => milliseconds(process.threadCpuUsage());
  const budget = new HearingBudget(shares, spent, () => milliseconds(process.cpuUsage()), now);
  const say = sparingly((message) => tell({ kind: 'say', severity: 'WARNING', message }));
  const percent = ({ share }: Share) => `${(share * 100).toFixed(0)} % of a processor`;
  const most = `more come than ${percent(shares.most)} can take`;
  const others = `more come than can be taken beside what queries need, ${percent(shares.all)} for both`;
  return () => {
    const { rest, forOthers } = budget.owed();
    if (rest > 0) say(`events: ${forOthers ? others : most}; the rest waits in the kernel, or is lost there`);
    return rest;
  };
}

/** One source that fails does not take the others with it. */
function attempt(name: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    if (!(cause instanceof HostError || cause instanceof UserError)) throw cause;
    tell({ kind: 'say', severity: 'ERROR', message: `${name}: ${cause.message}` });
  }
}

function hear(): void {
  for (let received = receiveMessageOnPort(port); received !== undefined; received = receiveMessageOnPort(port)) {
    retention.take(received.message as ToEvents);
  }
}

function keepHouse(): void {
  hear();
  for (const { name } of tables) {
    retention.sweep(name, Math.floor(Date.now() / 1000));
  }
  const counts = {
    publishers: new Map(publishers.map(({ name, counts: its }) => [name, its])),
    tables: new Map(
      tables.map(({ name, publisher }) => {
        const { stored, dropped: store } = collector.counts.get(name)!;
        const { expired, overRows, overBytes, unseen } = retention.counts(name);
        const dropped = { store, events_max: overRows, events_max_bytes: overBytes };
        return [name, { publisher, stored, expired, dropped, unseen }];
      }),
    ),
  };
  const text = JSON.stringify([...counts.publishers, ...counts.tables]);
  if (text !== told) tell({ kind: 'counts', counts });
  told = text;
}
