import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AuditAssembler } from '../events/audit/assemble.ts';
import { FileTracker } from '../events/audit/file-tracker.ts';
import { socketCall } from '../events/audit/sockets.ts';
import { FanotifyMarks } from '../events/files/fanotify-marks.ts';
import { PathRules } from '../events/files/path-rules.ts';
import { FilePublisher } from '../events/files/publisher.ts';
import { type FileScanner, FileScans } from '../events/files/scans.ts';
import type { Files, Host } from '../host/host.ts';
import { loadYara } from '../host/linux/yara-module.ts';
import { parseAuditRecord } from '../parse/audit-record.ts';
import { parseBpfSample } from '../parse/bpf-sample.ts';
import { parseSyslogLine } from '../parse/syslog-line.ts';
import { parseUevent } from '../parse/uevent.ts';
import type { AuditEvent } from '../schema/audit-event.ts';
import type { BpfEvent } from '../schema/bpf-event.ts';
import type { DeviceEvent } from '../schema/device-event.ts';
import type { EventSource } from '../schema/event-source.ts';
import { type EventTable, momentOf } from '../schema/event-table.ts';
import type { FileEvent } from '../schema/file-event.ts';
import type { SyslogEvent } from '../schema/syslog-event.ts';
import type { AnyTable } from '../schema/table.ts';
import type { ScanAnswer } from '../schema/yara-match.ts';
import { eventsOf, Packer } from '../store/event-pack.ts';
import { compileRules } from '../yara/engine.ts';

const CAPTURES = join(import.meta.dirname, '../../tests/captures');

/** What a publisher hands on. */
interface Heard {
  readonly occurred: bigint;
}

/** What recordings of a publisher are called, and the events in one. */
const RECORDINGS: Readonly<Record<string, readonly [glob: string, read: (path: string, host: Host) => Heard[]]>> = {
  auditeventpublisher: ['audit-*.txt', readAudit],
  BPFEventPublisher: ['bpf-*.txt', readBpf],
  inotify: ['fanotify-*.txt', readFanotify],
  syslog: ['syslog-*.txt', readSyslog],
  udev: ['udev-*.txt', readUdev],
};

/** Seconds since the boot when everything was heard. */
const UPTIME = 1000;

/** The rows that a table of events makes of all recordings of its publisher; undefined for another table. */
export function replayed(table: AnyTable, host: Host): EventSource | undefined {
  const eventTable = table as unknown as EventTable<AnyTable['columns'], unknown>;
  const { publisher, form } = eventTable;
  const recording = publisher === undefined ? undefined : RECORDINGS[publisher];
  if (recording === undefined) return undefined;
  const [glob, read] = recording;
  const moment = momentOf(host.files, UPTIME);
  let last = 0;
  const events = globSync(glob, { cwd: CAPTURES })
    .sort()
    .flatMap((name) => read(join(CAPTURES, name), host))
    .flatMap((event) => {
      const packer = new Packer();
      packer.at(Number(event.occurred / 1_000_000_000n), event.occurred);
      eventTable.keep(event, moment, packer);
      return packer.take();
    })
    .flatMap(({ time, events, bytes }) => {
      last += events;
      return eventsOf({ last, time, form, bytes: Buffer.from(bytes) });
    });
  return { read: () => events };
}

/** The machine of a recording is gone. */
const ABSENT = { processes: () => [], descriptor: () => undefined, inode: () => undefined };

/** Records as the kernel sent them: a type and a text a line. */
function readAudit(path: string): AuditEvent[] {
  const events: AuditEvent[] = [];
  const all = { failed: true, noClient: true, unix: true };
  const tracker = new FileTracker({ matches: () => true, accesses: false, partial: false }, ABSENT);
  const assembler = new AuditAssembler((event) => {
    events.push({ ...event, socket: socketCall(event, all), file: tracker.heard(event) });
  });
  for (const line of readFileSync(path, 'latin1').trimEnd().split('\n')) {
    assembler.add(parseAuditRecord(Number(line.slice(0, 4)), line.slice(5), path), 0);
  }
  return events;
}

/** When the machine was booted, that samples were recorded on. */
const BOOTED = 1_795_000_000_000_000_000n;

/** Samples as the programs wrote them, hexadecimal, one a line. */
function readBpf(path: string): BpfEvent[] {
  const lines = readFileSync(path, 'latin1').trimEnd().split('\n');
  const samples = lines.map((line) => parseBpfSample(Buffer.from(line, 'hex')));
  return samples.map((sample) => ({ occurred: BOOTED + sample.bootTime, sample }));
}

/**
 * Messages as they came, hexadecimal, one a line; they have no time of their own. Those of a USB stick are built, after what
 * udev says of one: the machine that recorded the others has no USB.
 */
function readUdev(path: string): DeviceEvent[] {
  const lines = readFileSync(path, 'latin1').trimEnd().split('\n');
  return lines.map((line) => ({ occurred: BOOTED, uevent: parseUevent(Buffer.from(line, 'hex'), path) }));
}

/** Directories by their handles, and what was read of fanotify; the files are looked for on the machine of the test. */
function readFanotify(path: string, { files }: Host): FileEvent[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const directories = new Map(lines.flatMap((line) => directoryOf(line)));
  const reads = lines.filter((line) => line.startsWith('R ')).map((line) => Buffer.from(line.slice(2), 'hex'));
  const rules = new PathRules({ paths: new Map([['etc', ['/etc/%%']]]), excluded: new Map() });
  const systems = {
    fd: -1,
    mark: () => {},
    pathOf: (handle: string) => directories.get(handle),
    read: () => reads.shift() ?? Buffer.alloc(0),
    [Symbol.dispose]: () => {},
  };
  const events: FileEvent[] = [];
  const watched = [{ rules, sources: [new FanotifyMarks(systems, files, rules, 0)], hash: true }];
  const now = () => 0;
  const emit = (event: FileEvent) => events.push(event);
  const scans = new FileScans(new Map([['etc', ['etc']]]), scannerOf(files), emit, () => {}, now);
  const options = { hashLimit: 1e6, scans, now, wall: () => Number(BOOTED / 1_000_000n) };
  const publisher = new FilePublisher(watched, files, options, emit, () => {});
  while (publisher.read());
  // Asks for scans, and takes the answers.
  for (let i = 0; i < 2; i++) publisher.tick();
  return events;
}

/** Scans at once what it is asked for, with the rules that are beside the recordings. */
function scannerOf(files: Files): FileScanner {
  const path = join(CAPTURES, 'yara-etc.yar');
  const fails = (message: string) => {
    throw new Error(message);
  };
  const rules = compileRules(loadYara(64 * 1024 * 1024), [{ path, text: readFileSync(path, 'utf8') }], fails)!;
  const answers: ScanAnswer[] = [];
  return {
    ask({ id, path: scanned }) {
      const bytes = files.readBytes(scanned);
      const matches = rules.scan(bytes.length, (into) => bytes.copy(into));
      answers.push({ id, outcome: { kind: 'scanned', matches } });
    },
    answer: () => answers.shift(),
  };
}

function directoryOf(line: string): [handle: string, path: string][] {
  const [kind, handle, path] = line.split(' ');
  return kind === 'D' ? [[Buffer.from(handle!, 'hex').toString('latin1'), path!]] : [];
}

/** Lines as rsyslog writes them by its templates. */
function readSyslog(path: string): SyslogEvent[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => ({ occurred: BOOTED, line: parseSyslogLine(line, path) }));
}
