import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventScans } from '../../src/events/event-scans.ts';
import type { EventRange, EventReader } from '../../src/store/event-store.ts';

/** So many events of so many bytes each. */
function reader(count: number, size: number): EventReader {
  return {
    last: () => count,
    *range(_: string, { after = 0, upTo = count }: EventRange) {
      for (let eid = after + 1; eid <= upTo; eid++) yield { eid, size };
    },
  } as unknown as EventReader;
}

const ALL = { time: {}, eid: {} };

test('a backlog beyond what a query may return comes in pieces, each event once', () => {
  const heard: number[] = [];
  let cursors: ReadonlyMap<string, number> = new Map();
  const runs: number[] = [];
  for (let run = 0; run < 4; run++) {
    const scans = new EventScans(reader(70, 1024 * 1024), cursors);
    const before = heard.length;
    for (const { eid } of scans.read('a_events', ALL)) heard.push(eid);
    runs.push(heard.length - before);
    cursors = scans.seen;
  }
  assert.deepEqual(runs, [33, 33, 4, 0]);
  assert.deepEqual(
    heard,
    Array.from({ length: 70 }, (_, i) => i + 1),
  );
  // One that is asked by hand has no next run.
  assert.equal([...new EventScans(reader(70, 1024 * 1024)).read('a_events', ALL)].length, 70);
});

test('as many small ones as a query may return', () => {
  const scans = new EventScans(reader(50_003, 1), new Map([['a_events', 1]]));
  const read = [...scans.read('a_events', ALL)];
  assert.deepEqual([read.length, read[0]!.eid, scans.seen.get('a_events')], [50_000, 2, 50_001]);
});
