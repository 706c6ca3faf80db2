import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AuditAssembler } from '../events/audit/assemble.ts';
import { socketCall } from '../events/audit/sockets.ts';
import type { Host } from '../host/host.ts';
import { parseAuditRecord } from '../parse/audit-record.ts';
import { parseBpfSample } from '../parse/bpf-sample.ts';
import { parseUevent } from '../parse/uevent.ts';
import type { AuditEvent } from '../schema/audit-event.ts';
import type { BpfEvent } from '../schema/bpf-event.ts';
import type { DeviceEvent } from '../schema/device-event.ts';
import type { EventSource, ReadEvent } from '../schema/event-source.ts';
import { type EventTable, encodeCells, layoutOf } from '../schema/event-table.ts';
import type { AnyTable } from '../schema/table.ts';

const CAPTURES = join(import.meta.dirname, '../../tests/captures');

/** What a publisher hands on. */
interface Heard {
  readonly occurred: bigint;
}

/** What recordings of a publisher are called, and the events in one. */
const RECORDINGS: Readonly<Record<string, readonly [glob: string, read: (path: string) => Heard[]]>> = {
  auditeventpublisher: ['audit-*.txt', readAudit],
  BPFEventPublisher: ['bpf-*.txt', readBpf],
  udev: ['udev-*.txt', readUdev],
};

/** Seconds since the boot when everything was heard. */
const UPTIME = 1000;

/** The rows that a table of events makes of all recordings of its publisher; undefined for another table. */
export function replayed(table: AnyTable, host: Host): EventSource | undefined {
  const { publisher, rows } = table as unknown as EventTable<AnyTable['columns'], unknown>;
  const recording = publisher === undefined ? undefined : RECORDINGS[publisher];
  if (recording === undefined) return undefined;
  const [glob, read] = recording;
  const layout = layoutOf(table.columns);
  const events = globSync(glob, { cwd: CAPTURES })
    .sort()
    .flatMap((name) => read(join(CAPTURES, name)))
    .flatMap((event) => {
      const made = [...rows(event, { files: host.files, uptime: UPTIME })];
      return made.map((row) => ({ occurred: event.occurred, cells: encodeCells(table.columns, row) }));
    })
    .map(({ occurred, cells }, i): ReadEvent => {
      return { eid: i + 1, time: Number(occurred / 1_000_000_000n), occurred, layout, cells };
    });
  return { read: () => events };
}

/** Records as the kernel sent them: a type and a text a line. */
function readAudit(path: string): AuditEvent[] {
  const events: AuditEvent[] = [];
  const all = { failed: true, noClient: true, unix: true };
  const assembler = new AuditAssembler((event) => events.push({ ...event, socket: socketCall(event, all) }));
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
