import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { AuditAssembler } from '../../../src/events/audit/assemble.ts';
import { type AuditRecord, auditArguments, auditText, parseAuditRecord } from '../../../src/parse/audit-record.ts';
import type { AuditEvent } from '../../../src/schema/audit-event.ts';
import { random } from '../../engine/support.ts';

/** What the kernel said when a shell ran some programs: a type and a text a line, bytes as Latin-1. */
const CAPTURES = join(import.meta.dirname, '../../captures');
const CAPTURE = readFileSync(join(CAPTURES, 'audit-exec.txt'), 'latin1').trimEnd().split('\n');

const parsed = (line: string): AuditRecord =>
  parseAuditRecord(Number(line.slice(0, 4)), line.slice(5), 'audit-exec.txt');

function assemble(records: readonly AuditRecord[], now: (i: number) => number = () => 0) {
  const events: AuditEvent[] = [];
  const assembler = new AuditAssembler((event) => events.push(event));
  for (const [i, record] of records.entries()) assembler.add(record, now(i));
  return { events, assembler };
}

const ofType = (event: AuditEvent, type: number) => event.records.filter((record) => record.type === type);
const isExec = (event: AuditEvent) => ofType(event, 1309).length > 0;

describe('records', () => {
  test('fields as they stand there', () => {
    const { type, serial, occurred, fields } = parsed(CAPTURE.find((line) => line.startsWith('1300'))!);
    assert.deepEqual([type, serial, occurred], [1300, 6, 1_795_469_229_940_000_000n]);
    assert.deepEqual(
      ['syscall', 'success', 'ppid', 'comm', 'exe', 'key', 'auid'].map((name) => fields.get(name)),
      ['59', 'yes', '10139', '"sh"', '"/usr/bin/dash"', '(null)', '4294967295'],
    );
  });

  test('one field is found as all are', () => {
    const names = globSync('audit-*.txt', { cwd: CAPTURES });
    const lines = names.flatMap((name) => readFileSync(join(CAPTURES, name), 'latin1').trimEnd().split('\n'));
    const types = new Set<number>();
    for (const line of lines) {
      const { type, fields } = parsed(line);
      types.add(type);
      for (const [name, value] of fields) assert.equal(parsed(line).field(name), value, `${name} of ${line}`);
      for (const absent of ['d', 'none', 'audit(', '']) assert.equal(parsed(line).field(absent), undefined);
    }
    for (const type of [1300, 1302, 1306, 1307, 1309]) assert.ok(types.has(type), `records of ${type}`);
  });

  test('what programs wrote', () => {
    assert.deepEqual(['"/usr/bin/dash"', '6120C3A9', '(null)', undefined, '(none)', 'abc', '""'].map(auditText), [
      '/usr/bin/dash',
      'a é',
      '',
      '',
      '(none)',
      'abc',
      '',
    ]);
  });

  test('a program cannot put fields of the kernel into its own', () => {
    const text = 'audit(1.000:1): pid=7 uid=0 msg=\'op=login uid=1000 acct="root" res=success\'';
    const { fields } = parseAuditRecord(1100, text, 'x');
    assert.deepEqual(
      ['pid', 'uid', 'op', 'acct', 'res'].map((name) => fields.get(name)),
      ['7', '0', 'login', '"root"', 'success'],
    );
  });

  test('what does not begin as records do is malformed', () => {
    for (const text of ['', 'audit(', 'audit(1.2:3): a=b', 'x'.repeat(9000)]) {
      assert.throws(() => parseAuditRecord(1300, text, 'x'), { name: 'MalformedInput' });
    }
  });
});

describe('arguments', () => {
  test('in their order, however many and however long', () => {
    const { events } = assemble(CAPTURE.map(parsed));
    const commands = events.filter(isExec).map((event) => auditArguments(ofType(event, 1309).map(({ body }) => body)));
    assert.deepEqual(
      commands.map(({ argv, truncated }) => [argv[0], argv.length, truncated]),
      [
        ['/bin/sh', 3, false],
        ['/bin/echo', 5, false],
        ['seq', 4, false],
        ['/bin/true', 16, false],
        ['/bin/echo', 2, false],
        ['/tmp/odd name', 2, false],
        ['sleep', 2, false],
      ].slice(0, commands.length),
    );
    assert.deepEqual(commands[1]!.argv, ['/bin/echo', 'a', 'b', 'c d', 'é']);
    const numbers = commands.find(({ argv }) => argv[0] === '/bin/true')!;
    assert.deepEqual(
      numbers.argv.slice(1),
      Array.from({ length: 15 }, (_, i) => String(i + 1)),
    );
    const long = commands.find(({ argv }) => argv[1]?.startsWith('xxx'))!;
    assert.equal(long.argv[1], 'x'.repeat(9000));
  });

  test('what is missing is told', () => {
    const record = (text: string) => parseAuditRecord(1309, `audit(1.000:1): ${text}`, 'x').body;
    assert.deepEqual(auditArguments([record('argc=3 a0="a" a2="c"')]), { argv: ['a', 'c'], truncated: true });
    assert.deepEqual(auditArguments([record('argc=1 a0_len=8 a0[0]=6161')]), { argv: ['aa'], truncated: true });
    assert.deepEqual(auditArguments([record('argc=99999999 a0="a" a99999999="b"')]), { argv: ['a'], truncated: true });
    assert.deepEqual(auditArguments([]), { argv: [], truncated: false });
    // A character that is cut between two pieces.
    const cut = [record('argc=1 a0_len=6 a0[0]=61C3'), record('a0[1]=A9')];
    assert.deepEqual(auditArguments(cut), { argv: ['aé'], truncated: false });
  });
});

describe('assembly', () => {
  test('every event once, whole, in the order in which they end', () => {
    const { events, assembler } = assemble(CAPTURE.map(parsed));
    assert.ok(events.every(({ complete }) => complete));
    assert.equal(new Set(events.map(({ serial }) => serial)).size, events.length);
    const records = events.reduce((sum, event) => sum + event.records.length, 0);
    assert.equal(records, CAPTURE.filter((line) => !line.startsWith('1320')).length);
    assert.deepEqual(assembler.counts, { events: events.length, incomplete: 0, dropped: 0 });
  });

  test('records of several events that are mixed with each other', () => {
    const all = CAPTURE.map(parsed);
    const wanted = assemble(all).events.toSorted((a, b) => a.serial - b.serial);
    const next = random(3);
    for (let round = 0; round < 20; round++) {
      // Records of one event keep their order.
      const queues = [...Map.groupBy(all, ({ serial }) => serial).values()].map((records) => [...records]);
      const mixed: AuditRecord[] = [];
      while (queues.length > 0) {
        const at = Math.floor(next() * queues.length);
        mixed.push(queues[at]!.shift()!);
        if (queues[at]!.length === 0) queues.splice(at, 1);
      }
      assert.deepEqual(
        assemble(mixed).events.toSorted((a, b) => a.serial - b.serial),
        wanted,
      );
    }
  });

  test('an event whose end is lost is taken after a while, and said to be incomplete', () => {
    const without = CAPTURE.map(parsed).filter(({ type, serial }) => !(type === 1320 && serial === 6));
    const { events, assembler } = assemble(without, () => 1000);
    assert.equal(
      events.some(({ serial }) => serial === 6),
      false,
    );
    assembler.tick(2999);
    assert.equal(
      events.some(({ serial }) => serial === 6),
      false,
    );
    assembler.tick(3000);
    assert.deepEqual([events.at(-1)!.serial, events.at(-1)!.complete], [6, false]);
    assert.equal(assembler.counts.incomplete, 1);
  });

  test('one that was cut before anybody heard is no loss', () => {
    const events: AuditEvent[] = [];
    const assembler = new AuditAssembler((event) => events.push(event), 2_000_000_000n);
    const add = (serial: number, seconds: number, now: number) =>
      assembler.add(parseAuditRecord(1300, `audit(${seconds}.000:${serial}): arch=c000003e syscall=59`, 'x'), now);
    add(0, 1, 500);
    add(1, 2, 500);
    // The clock was set back.
    add(2, 1, 2500);
    assembler.tick(2500);
    assert.deepEqual([events.length, assembler.counts.incomplete], [2, 1]);
    assembler.tick(4500);
    assert.deepEqual(
      events.map(({ serial, complete }) => `${serial} ${complete}`),
      ['0 false', '1 false', '2 false'],
    );
    assert.equal(assembler.counts.incomplete, 2);
  });

  test('what is said in one record waits for nothing, and leaves the event that it may be of as it is', () => {
    const record = (type: number, serial: number) => parseAuditRecord(type, `audit(1.000:${serial}): a=b`, 'x');
    const { events, assembler } = assemble([
      ...[record(1112, 1), record(1326, 2), record(1302, 3), record(1400, 3), record(1300, 3), record(1320, 3)],
      ...[record(2000, 4), record(2100, 5)],
    ]);
    assert.deepEqual(
      events.map((event) => event.records.map(({ type }) => type)),
      [[1112], [1326], [1400], [1302, 1300], [2000], [2100]],
    );
    assert.deepEqual(assembler.counts, { events: 6, incomplete: 0, dropped: 0 });
  });

  test('what is under way is bounded, in number and in size', () => {
    const record = (serial: number, type = 1300) => parseAuditRecord(type, `audit(1.000:${serial}): a=b`, 'x');
    const { events, assembler } = assemble(Array.from({ length: 5000 }, (_, i) => record(i)));
    assert.equal(events.length, 5000 - 1024);
    assert.deepEqual([events[0]!.serial, events[0]!.complete], [0, false]);
    for (let i = 0; i < 1000; i++) assembler.add(record(4999), 0);
    assembler.add(record(4999, 1320), 0);
    assert.equal(events.at(-1)!.records.length, 400);
    assert.equal(assembler.counts.dropped, 601);
  });
});
