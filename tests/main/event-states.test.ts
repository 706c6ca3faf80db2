import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventCountsOf } from '../../src/events/messages.ts';
import { LossLog, statesOf } from '../../src/main/daemon/event-states.ts';
import { osqueryEvents } from '../../src/tables/osquery/osquery_events.ts';
import { fakeAgent } from '../../src/testing/fake-agent.ts';
import { loadMachine } from '../../src/testing/machines.ts';
import { runTable } from '../../src/testing/run-table.ts';

interface Lost {
  readonly overrun?: number;
  readonly store?: number;
  readonly rows?: number;
  readonly bytes?: number;
  readonly unseen?: number;
}

const counts = ({ overrun = 0, store = 0, rows = 0, bytes = 0, unseen = 0 }: Lost): EventCountsOf => ({
  publishers: new Map([['udev', { received: 9, events: 7, dropped: { overrun, malformed: 0 } }]]),
  tables: new Map([
    [
      'hardware_events',
      {
        publisher: 'udev',
        stored: 5,
        expired: 1,
        dropped: { store, events_max: rows, events_max_bytes: bytes },
        unseen,
      },
    ],
  ]),
});

test('what is lost is said by cause: at once, then once a minute with what has come together', () => {
  const said: string[] = [];
  let now = 5;
  const log = new LossLog(
    (severity, message) => said.push(`${severity} ${message}`),
    () => now,
  );
  log.add(counts({}));
  assert.deepEqual(said, []);
  log.add(counts({ overrun: 2, rows: 10 }));
  assert.deepEqual(said.splice(0), [
    'WARNING udev: 2 lost (overrun), 2 since the start',
    'INFO hardware_events: 10 events dropped beyond events_max, 10 since the start',
  ]);
  now += 59_999;
  log.add(counts({ overrun: 3, rows: 15, bytes: 7, unseen: 4, store: 1 }));
  assert.deepEqual(said.splice(0), [
    'WARNING hardware_events: 1 events could not be kept, 1 since the start',
    'INFO hardware_events: 7 events dropped beyond events_max_bytes, 7 since the start',
    'WARNING hardware_events: 4 events dropped that a scheduled query was yet to see, 4 since the start',
  ]);
  now += 1;
  log.add(counts({ overrun: 3, rows: 25, bytes: 7, unseen: 4, store: 1 }));
  assert.deepEqual(said, [
    'WARNING udev: 1 lost (overrun), 3 since the start',
    'INFO hardware_events: 15 events dropped beyond events_max, 25 since the start',
  ]);
});

test('osquery_events shows what came, what went and what was lost', () => {
  const agent = fakeAgent({ events: () => statesOf(counts({ overrun: 2, rows: 10, bytes: 3 })) });
  const { rows } = runTable(osqueryEvents, loadMachine('empty'), { agent });
  assert.deepEqual(
    rows.map(({ name, events, received, expired, dropped, drops }) => [
      name,
      events,
      received,
      expired,
      dropped,
      drops,
    ]),
    [
      ['udev', 7, 9, null, 2, '{"overrun":2}'],
      ['hardware_events', 5, null, 1, 13, '{"events_max":10,"events_max_bytes":3}'],
    ],
  );
});
