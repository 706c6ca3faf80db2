import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Collector } from '../../../src/events/collector.ts';
import { FilesIntake, FilesOutlet } from '../../../src/events/files/hand-over.ts';
import { integer } from '../../../src/schema/columns.ts';
import { eventTable, momentOf, storeColumns } from '../../../src/schema/event-table.ts';
import type { Pack } from '../../../src/store/event-pack.ts';

interface Heard {
  readonly n: number;
  readonly occurred: bigint;
}

const table = eventTable({
  name: 'file_events',
  description: 'Numbers.',
  platforms: ['linux'],
  publisher: 'inotify',
  columns: { n: integer('Number'), time: storeColumns.time(), eid: storeColumns.eid() },
  examples: [],
  *rows({ n }: Heard) {
    yield { n };
  },
});
const moment = momentOf({} as never, 5);
const counts = (events: number) => ({ received: events, events, dropped: { overrun: 1 } });

function channel() {
  const { port1, port2 } = new MessageChannel();
  const taken = new Int32Array(new SharedArrayBuffer(4));
  return { here: { port: port1, taken }, there: { port: port2, taken } };
}

function intakeOf(
  its: { readonly port: MessagePort; readonly taken: Int32Array },
  keep: (packs: readonly Pack[]) => void,
) {
  const store = { append: (_table: string, _form: string, packs: readonly Pack[]) => keep(packs) };
  const collector = new Collector(store, [table], assert.fail);
  const receive = (port: MessagePort) => receiveMessageOnPort(port)?.message;
  const intake = new FilesIntake(its, { fd: 7, clear: () => {}, receive, collector, hear: () => {} });
  return { intake, collector };
}

test('events of one thread are kept by another, in order, with what the first one counts', () => {
  const { here, there } = channel();
  const kept: Pack[] = [];
  const { intake, collector } = intakeOf(there, (packs) => kept.push(...packs));
  let woken = 0;
  const outlet = new FilesOutlet(
    here,
    () => (woken += 1),
    () => false,
  );
  const hearing = new Collector(outlet, [table], assert.fail);
  assert.equal(intake.isActive, false);
  for (let n = 0; n < 600; n++) hearing.add('inotify', { n, occurred: 0n } as never, 1, moment);
  hearing.flush();
  outlet.tell(counts(600));
  assert.equal(woken, 2);
  while (intake.read());
  assert.equal(
    kept.reduce((sum, { events }) => sum + events, 0),
    600,
  );
  assert.equal(collector.counts.get('file_events')!.stored, 600);
  assert.equal(intake.isActive, true);
  assert.deepEqual(intake.counts, { received: 600, events: 600, dropped: { overrun: 1, hung: 0 } });
  here.port.close();
});

test('another thread goes on: what the first had told before is kept, what it lost is counted', () => {
  const [first, second] = [channel(), channel()];
  const kept: Pack[] = [];
  const { intake } = intakeOf(first.there, (packs) => kept.push(...packs));
  const pack = { time: 1, events: 1, bytes: new Uint8Array(20) };
  first.here.port.postMessage({ kind: 'packs', table: 'file_events', packs: [pack] });
  first.here.port.postMessage({ kind: 'counts', counts: counts(1) });
  intake.next({ channel: second.there, hung: 3 });
  assert.equal(kept.length, 1);
  assert.equal(intake.isActive, false);
  second.here.port.postMessage({ kind: 'counts', counts: counts(4) });
  assert.equal(intake.read(), false);
  assert.equal(intake.isActive, true);
  assert.deepEqual(intake.counts, { received: 5, events: 5, dropped: { overrun: 2, hung: 3 } });
  intake.next({ channel: undefined, hung: 1 });
  assert.equal(intake.read(), false);
  assert.deepEqual([intake.isActive, intake.counts.dropped['hung']], [false, 4]);
  for (const { port } of [first.here, second.here]) port.close();
});

test('what the other thread has no room for waits, until it takes some, or all ends', () => {
  const { here, there } = channel();
  let asked = 0;
  // The fifth waits: the other takes one, the second time that it is asked.
  const outlet = new FilesOutlet(
    here,
    () => {},
    () => {
      asked += 1;
      if (asked === 2) Atomics.add(there.taken, 0, 1);
      return false;
    },
  );
  for (let i = 0; i < 4; i++) outlet.append('file_events', '', []);
  assert.equal(asked, 0);
  outlet.append('file_events', '', []);
  assert.equal(asked, 2);
  const ending = new FilesOutlet(
    channel().here,
    () => {},
    () => true,
  );
  for (let i = 0; i < 10; i++) ending.append('file_events', '', []);
  here.port.close();
});
