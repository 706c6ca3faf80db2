import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedInput } from '../../src/base/errors.ts';
import { AuditAssembler } from '../../src/events/audit/assemble.ts';
import { parseAuditRecord } from '../../src/parse/audit-record.ts';
import type { AuditEvent } from '../../src/schema/audit-event.ts';
import { bigint, blob, integer, text } from '../../src/schema/columns.ts';
import { type EventTable, eventTable, momentOf, rawEventTable, storeColumns } from '../../src/schema/event-table.ts';
import { eventsOf, Packer } from '../../src/store/event-pack.ts';
import { processEvents } from '../../src/tables/events/process_events.ts';

const moment = momentOf({ stat: () => ({ mtime: 3.9 }) } as never, 5);
const common = { description: 'Of a test.', platforms: ['linux'], publisher: 'test', examples: [] } as const;

// biome-ignore lint/suspicious/noExplicitAny: a table of any columns, of any events
type AnyEventTable = EventTable<any, any>;

/** What is kept of an event, in a form. */
function kept(table: AnyEventTable, event: object, form = table.form) {
  const packer = new Packer();
  packer.at(5, 77n);
  table.keep(event, moment, packer);
  return packer.take().flatMap(({ time, bytes }) => eventsOf({ last: 7, time, form, bytes: Buffer.from(bytes) }));
}

/** Cells that a query reads, and what it warns of. */
function read(table: AnyEventTable, events: readonly object[], columns: readonly string[]) {
  const warnings: string[] = [];
  const scan = {
    events: { read: () => events },
    bounds: () => ({}),
    row: (row: object) => row,
    uses: (name: string) => columns.includes(name),
    warn: (message: string) => warnings.push(message),
    attempt(work: () => unknown) {
      try {
        return work();
      } catch (cause) {
        if (!(cause instanceof MalformedInput)) throw cause;
        warnings.push(cause.message);
        return undefined;
      }
    },
  };
  const made = [...(table.generate(scan as never) as Iterable<Record<string, unknown>>)];
  return { rows: made.map((row) => Object.fromEntries(columns.map((name) => [name, row[name]]))), warnings };
}

interface Heard {
  readonly big: bigint;
  readonly bytes: Uint8Array;
  readonly word: string;
}

const cells = eventTable({
  ...common,
  name: 'cell_events',
  columns: {
    big: bigint('Number'),
    bytes: blob('Bytes'),
    word: text('Word'),
    time: storeColumns.time(),
    eid: storeColumns.eid(),
  },
  *rows({ big, bytes, word }: Heard) {
    yield { big, bytes, word };
    yield { word: 'another' };
  },
});

test('cells that are kept are read as they were: what is beyond JSON, too', () => {
  const event = { big: 2n ** 60n, bytes: Buffer.from([0, 255]), word: '"ü" \udcff' };
  const { rows, warnings } = read(cells, kept(cells, event), ['big', 'bytes', 'word', 'time', 'eid', 'occurred']);
  assert.deepEqual(rows, [
    { ...event, time: 5, eid: '0000000006', occurred: 77n },
    { big: null, bytes: null, word: 'another', time: 5, eid: '0000000007', occurred: 77n },
  ]);
  assert.deepEqual(warnings, []);
});

test('cells of another version are found by their names; those it did not have are absent', () => {
  const newer = eventTable({
    ...common,
    name: 'cell_events',
    columns: { more: integer('Newer'), word: text('Word'), time: storeColumns.time(), eid: storeColumns.eid() },
    rows: () => [],
  });
  const events = kept(cells, { big: 1n, bytes: Buffer.alloc(0), word: 'w' });
  assert.deepEqual(read(newer, events, ['more', 'word']).rows, [
    { more: undefined, word: 'w' },
    { more: undefined, word: 'another' },
  ]);
});

test('events that are kept as they came: cells are made as they are asked for, and only those', () => {
  const made: string[] = [];
  const raw = rawEventTable({
    ...common,
    name: 'raw_events',
    columns: { first: integer('First'), all: text('All'), time: storeColumns.time(), eid: storeColumns.number() },
    raw: {
      form: 'raw 1',
      keep({ word }: Heard, _, into) {
        if (word !== '') into.bytes(Buffer.from(`${word}...`), word.length);
      },
      read(bytes) {
        if (bytes[0] === 0x21) throw new MalformedInput('raw', 0, 'odd');
        return bytes;
      },
    },
    cells: {
      first: (bytes) => {
        made.push('first');
        return bytes[0]!;
      },
      all: (bytes) => {
        made.push('all');
        return bytes.toString();
      },
    },
  });
  const heard = (word: string) => kept(raw, { word });
  assert.deepEqual(heard(''), []);
  assert.deepEqual(read(raw, heard('abc'), ['first', 'time', 'eid', 'occurred']).rows, [
    { first: 97, time: 5, eid: 7, occurred: 77n },
  ]);
  assert.deepEqual(made, ['first']);
  const odd = read(raw, [...heard('!'), ...heard('b')], ['all']);
  assert.deepEqual(odd, { rows: [{ all: 'b' }], warnings: [new MalformedInput('raw', 0, 'odd').message] });
  // Of a version that is to come, or of another table.
  const later = [...kept(raw, { word: 'c' }, 'raw 2'), ...kept(raw, { word: 'c' }, 'raw 2'), ...heard('d')];
  assert.deepEqual(read(raw, later, ['all']), {
    rows: [{ all: 'd' }],
    warnings: ['events that another version has kept, as raw 2, are left out'],
  });
  assert.equal(read(cells, later.slice(0, 1), ['word']).warnings.length, 1);
});

/** A program that was started with these arguments, as the kernel tells it: those that are long in pieces. */
function program(argv: readonly string[]): AuditEvent {
  const given = argv.flatMap((one, i) => argument(i, Buffer.from(one).toString('hex').toUpperCase()));
  const events: AuditEvent[] = [];
  const assembler = new AuditAssembler((event) => events.push(event));
  for (const [type, body] of [
    [1300, 'arch=c000003e syscall=59 success=yes exit=0 items=0 ppid=11 pid=12 auid=4294967295 uid=0 exe="/bin/x"'],
    [1309, `argc=${argv.length}`],
    ...given.map((body) => [1309, body] as const),
    [1320, ''],
  ] as const) {
    assembler.add(parseAuditRecord(type, `audit(1.000:1): ${body}`, 'test'), 0);
  }
  return events[0]!;
}

function argument(index: number, hex: string): string[] {
  if (hex.length <= 7500) return [`a${index}=${hex}`];
  const pieces = hex.match(/.{1,7500}/g)!;
  return pieces.map((piece, i) => `${i === 0 ? `a${index}_len=${hex.length} ` : ''}a${index}[${i}]=${piece}`);
}

test('a command that is longer than what is kept: its length, its begin, and that it was cut', () => {
  const command = (...argv: string[]) => {
    const events = kept(processEvents, program(argv));
    return read(processEvents, events, ['cmdline', 'cmdline_size', 'overflows', 'pid', 'path']).rows[0]!;
  };
  const own = { pid: 12, path: '/bin/x' };
  assert.deepEqual(command('a', 'b c'), { cmdline: 'a b c', cmdline_size: 5, overflows: '', ...own });
  const long = 'ü'.repeat(20_000);
  assert.deepEqual(command(long), { cmdline: long, cmdline_size: 20_000, overflows: '', ...own });
  const { cmdline, ...cut } = command(long, long);
  assert.equal(cmdline, `${long} ${long}`.slice(0, 32_768));
  assert.deepEqual(cut, { cmdline_size: 40_001, overflows: 'cmdline', ...own });
  // Not in the middle of a character.
  assert.equal(command('x'.repeat(32_767), '𝄞').cmdline, `${'x'.repeat(32_767)} `);
  assert.equal(command(`${'x'.repeat(32_767)}𝄞`).cmdline, 'x'.repeat(32_767));
});
