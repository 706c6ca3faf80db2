import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AuditAssembler } from '../../../src/events/audit/assemble.ts';
import { type SocketOptions, socketCall } from '../../../src/events/audit/sockets.ts';
import { parseAuditRecord } from '../../../src/parse/audit-record.ts';

/** A program that bound, connected, listened at and accepted from sockets of all families. */
const CAPTURE = join(import.meta.dirname, '../../captures/audit-sockets.txt');

function calls(options: Partial<SocketOptions>): string[] {
  const found: string[] = [];
  const assembler = new AuditAssembler((event) => {
    const call = socketCall(event, { failed: false, noClient: false, unix: false, ...options });
    if (call === undefined) return;
    const { family, address } = call.address ?? {};
    found.push([call.action, call.status, family, address].filter(Boolean).join(' '));
  });
  for (const line of readFileSync(CAPTURE, 'latin1').trimEnd().split('\n')) {
    assembler.add(parseAuditRecord(Number(line.slice(0, 4)), line.slice(5), CAPTURE), 0);
  }
  return found;
}

/** What stands in the first list and not in the second, each as often as it does. */
function without(all: readonly string[], some: readonly string[]): string[] {
  const rest = [...some];
  return all.filter((one) => {
    const at = rest.indexOf(one);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

const USUAL = [
  'bind succeeded 2 127.0.0.1',
  'listen succeeded',
  'connect succeeded 2 127.0.0.1',
  'accept succeeded 2 127.0.0.1',
  'connect in_progress 2 127.0.0.1',
  'accept succeeded 2 127.0.0.1',
  'connect succeeded 2 127.0.0.1',
  'bind succeeded 10 ::1',
  'listen succeeded',
  'connect succeeded 10 ::1',
  'accept succeeded 10 ::1',
  'listen succeeded',
  'listen succeeded',
  'connect succeeded 2 192.0.2.1',
  'connect succeeded 2 192.0.2.2',
];

test('internet sockets, connections under way among them', () => {
  assert.deepEqual(calls({}), USUAL);
});

test('others only if they are wanted', () => {
  assert.deepEqual(without(calls({ noClient: true }), USUAL), ['accept no_client']);
  assert.deepEqual(without(calls({ failed: true }), USUAL), ['accept no_client', 'connect failed 2 127.0.0.1']);
  assert.deepEqual(without(calls({ unix: true }), USUAL), [
    // Its program did not ask who the client is.
    'accept succeeded',
    'bind succeeded 1 /tmp/osq-sock',
    'connect succeeded 1 /tmp/osq-sock',
    'accept succeeded 1',
    'bind succeeded 1 @osq-abstract',
    'connect succeeded 1 @osq-abstract',
    'accept succeeded 1',
  ]);
});
