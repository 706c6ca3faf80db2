/** A thread in a sandbox, which tries what it may not do, and does what it should. */
import { readdirSync, readFileSync, readlinkSync, watch } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { callNumber } from '../../../../src/base/audit-syscalls.ts';
import { LinuxHost } from '../../../../src/host/linux/linux-host.ts';
import { addressOf } from '../../../../src/host/linux/native.ts';
import { HOW_BYTES } from '../../../../src/host/linux/openat2.ts';
import { HOWS_ADDRESS } from '../../../../src/host/linux/sandbox/constant-hows.ts';
import { eventsRules, filesRules, sqlRules } from '../../../../src/host/linux/sandbox/kinds.ts';
import { rawCall } from '../../../../src/host/linux/sandbox/raw-call.ts';
import { restrictThread } from '../../../../src/host/linux/sandbox/sandbox.ts';
import { EventReader, EventStore } from '../../../../src/store/event-store.ts';
import { type Targets, tryAll } from './attempts.ts';

export interface Inside {
  readonly kind: 'none' | 'sql' | 'files' | 'events';
  readonly targets: Targets;
  /** A database of events. */
  readonly events: string;
}

export interface Outcome {
  readonly holds: readonly string[];
  readonly missing: readonly string[];
  /** Whether `openat2` finds a file by the arguments that are left to it. */
  readonly found: string;
  readonly tried: Readonly<Record<string, string>>;
  readonly read: Readonly<Record<string, string>>;
  /** Events that it stored, or read. */
  readonly events: number;
}

const { kind, targets, events } = workerData as Inside;
const TABLE = 'test_events';
const pack = { time: 1, events: 1, bytes: Buffer.alloc(5000) };

const store = kind === 'events' ? new EventStore(events) : undefined;
store?.open(TABLE);
const reader = kind === 'sql' ? new EventReader(events) : undefined;
reader?.identity;
const publishers = ['auditeventpublisher', 'inotify', 'BPFEventPublisher'];
const rules = {
  none: undefined,
  sql: () => sqlRules(events),
  files: filesRules,
  events: () => eventsRules(events, publishers),
}[kind];
const { holds, missing } = rules === undefined ? { holds: [], missing: [] } : restrictThread(rules());
const { files } = new LinuxHost();
const of = (name: string) => `/proc/${targets.pid}/${name}`;
const read = results({
  '/etc/shadow': () => readFileSync('/etc/shadow'),
  'a file of root': () => readFileSync(`${targets.folder}/file`),
  'a file of root, by the host': () => files.readText(`${targets.folder}/file`),
  environ: () => readFileSync(of('environ')),
  exe: () => readlinkSync(of('exe')),
  fd: () => readlinkSync(`${of('fd')}/${readdirSync(of('fd'))[0]}`),
  cwd: () => readlinkSync(of('cwd')),
  maps: () => readFileSync(of('maps')),
  io: () => readFileSync(of('io')),
  namespaces: () => readlinkSync(of('ns/mnt')),
  iomem: () => {
    if (!/[1-9a-f]/.test(readFileSync('/proc/iomem', 'latin1').split(' ')[0]!)) throw new Error('zeros');
  },
});
// More than one page of the log and of its index, and than a checkpoint takes.
for (let i = 0; i < 2000; i++) store?.append(TABLE, 'test', [pack]);
const tried = tryAll(targets);
// The loop tells the kernel of something new to wait for: libuv aborts the process where it may not.
const watcher = watch('/tmp');
await setImmediate();
watcher.close();
parentPort!.postMessage({
  holds,
  missing,
  found: results({ found: () => find('/etc/hostname') })['found']!,
  tried,
  read,
  events: store?.last(TABLE) ?? reader?.last(TABLE) ?? 0,
} satisfies Outcome);
store?.[Symbol.dispose]();

function find(path: string): number {
  return rawCall(
    callNumber('openat2', process.arch),
    -100,
    addressOf(Buffer.from(`${path}\0`)),
    HOWS_ADDRESS,
    HOW_BYTES,
  );
}

function results(reads: Record<string, () => unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(reads).map(([name, work]) => {
      try {
        work();
        return [name, 'done'];
      } catch (cause) {
        return [name, (cause as NodeJS.ErrnoException).code ?? (cause as Error).message];
      }
    }),
  );
}
