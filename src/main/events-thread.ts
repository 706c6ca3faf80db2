/** The thread that hears events. It waits in the kernel, so messages to it are looked for now and then. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { OptionValues } from '../config/option-values.ts';
import { Collector } from '../events/collector.ts';
import type { HearingShares } from '../events/cpu-budget.ts';
import { type FilesChannel, FilesIntake } from '../events/files/hand-over.ts';
import { runLoop } from '../events/loop.ts';
import type { FromEvents, ToEvents } from '../events/messages.ts';
import type { Publisher } from '../events/publisher.ts';
import type { Turn } from '../events/reading.ts';
import { Recording } from '../events/recording.ts';
import { Retention } from '../events/retention.ts';
import { cachedStat } from '../host/linux/cached.ts';
import { clearSignal } from '../host/linux/event-descriptor.ts';
import { LinuxHost } from '../host/linux/linux-host.ts';
import { poll } from '../host/linux/poll.ts';
import { eventsRules } from '../host/linux/sandbox/kinds.ts';
import { uptime } from '../host/linux/uptime.ts';
import { type Moment, momentOf } from '../schema/event-table.ts';
import { openOrRenew } from '../store/damaged.ts';
import { EventStore } from '../store/event-store.ts';
import { type EventWishes, eventTables } from './event-tables.ts';
import { attempt, resting } from './hearing.ts';
import { starters } from './publishers/index.ts';
import type { EventSections } from './publishers/starter.ts';
import { enterSandbox, wantsSandbox } from './sandbox.ts';
import { storeFilesOf } from './store-files.ts';

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
  /** Where events of files come from, and the descriptor that says so; undefined where nobody wants any. */
  readonly files: { readonly channel: FilesChannel<MessagePort>; readonly wake: number } | undefined;
  /** Undefined for as much as there is. */
  readonly cpu: HearingShares | undefined;
  readonly spent: Float64Array;
}

const data = workerData as EventsThreadData;
const { options, wishes, sections, path, check, known, left, stop, port, turn, cpu } = data;
const values = new OptionValues();
values.restore(options);
const tell = (message: FromEvents) => parentPort!.postMessage(message);
const say = (severity: 'INFO' | 'WARNING' | 'ERROR', message: string) => tell({ kind: 'say', severity, message });
const files = new LinuxHost().files;
const now = () => performance.now();

using store = openOrRenew(
  path,
  storeFilesOf(values),
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
const intake = data.files && intakeOf(data.files);
const publishers = startPublishers();
// What they need of the kernel they have, and nothing of what others made was read yet.
const held = enterSandbox(wantsSandbox(values), () =>
  eventsRules(
    path,
    publishers.map(({ name }) => name),
  ),
);
say('INFO', `sandbox of the thread that hears events: ${held}`);
if (intake !== undefined) publishers.push(intake);
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
    owed: cpu === undefined ? () => 0 : resting(cpu, { all: data.spent, mine: 0 }, now, say),
    nap: (milliseconds) => void Atomics.wait(stop, 0, 0, milliseconds),
    stopped: () => Atomics.load(stop, 0) !== 0,
    now,
    keepHouse,
  });
} finally {
  for (const publisher of publishers) {
    attempt(publisher.name, say, () => {
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
    // Files are another thread's.
    if (name === intake?.name || fed.length === 0 || (recording !== undefined && recording.publisher !== name))
      continue;
    attempt(name, say, () => {
      const publisher = starter.start({
        options: values,
        sections,
        recording,
        tables: fed,
        emit: (event) => {
          // A program may lie where nobody answers.
          moment ??= momentOf(files, uptime(), cachedStat);
          collector.add(name, event, Math.floor(Date.now() / 1000), moment);
        },
        now,
        say,
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

function hear(): void {
  for (let received = receiveMessageOnPort(port); received !== undefined; received = receiveMessageOnPort(port)) {
    const message = received.message as ToEvents;
    if ('files' in message) intake?.next(message.files);
    else retention.take(message);
  }
}

function intakeOf({ channel, wake }: NonNullable<EventsThreadData['files']>): FilesIntake {
  return new FilesIntake(channel, {
    fd: wake,
    clear: () => clearSignal(wake),
    receive: (from) => receiveMessageOnPort(from)?.message,
    collector,
    hear,
  });
}

function keepHouse(): void {
  hear();
  for (const { name } of tables) {
    retention.sweep(name, Math.floor(Date.now() / 1000));
  }
  const hearing = publishers.filter((publisher) => publisher !== intake || intake.isActive);
  const counts = {
    publishers: new Map(hearing.map(({ name, counts: its }) => [name, its])),
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
