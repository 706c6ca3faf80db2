import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionValues } from '../../src/config/option-values.ts';
import { eventTables } from '../../src/main/event-tables.ts';
import type { EventBounds, EventSource } from '../../src/schema/event-source.ts';
import { tables } from '../../src/tables/index.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { runTable } from '../../src/testing/run-table.ts';

/** Names of the tables that are fed with these flags. */
function fed(flags: Readonly<Record<string, string>>, wishes: object = {}): string[] {
  const options = new OptionValues();
  for (const [name, value] of Object.entries(flags)) options.set(options.declaration(name)!, value);
  return eventTables(options, { enabled: [], disabled: [], scheduled: [], ...wishes }).map(({ name }) => name);
}

const AUDIT = { disable_audit: 'false' };

test('by default the devices, and of eBPF what the schedule names', () => {
  assert.deepEqual(fed({}), ['hardware_events']);
  const scheduled = ['select * from bpf_socket_events'];
  assert.deepEqual(fed({}, { scheduled }), ['bpf_socket_events', 'hardware_events']);
  assert.deepEqual(fed({}, { scheduled: ['SELECT * FROM "BPF_SOCKET_EVENTS"'] }), [
    'bpf_socket_events',
    'hardware_events',
  ]);
  assert.deepEqual(fed({}, { scheduled: ["select * from osquery_events where name = 'bpf_socket_events'"] }), [
    'hardware_events',
  ]);
  assert.deepEqual(fed({ enable_bpf_events: 'true' }), ['bpf_process_events', 'bpf_socket_events', 'hardware_events']);
  assert.deepEqual(fed({ enable_bpf_events: 'false' }, { scheduled }), ['hardware_events']);
});

test('flags of publishers and tables, and disable_events above all', () => {
  assert.deepEqual(fed(AUDIT), ['hardware_events', 'process_events', 'user_events']);
  assert.deepEqual(fed({ ...AUDIT, audit_allow_process_events: 'false', audit_allow_sockets: 'true' }), [
    'hardware_events',
    'socket_events',
    'user_events',
  ]);
  const all = { ...AUDIT, enable_syslog: 'true', enable_file_events: 'true', enable_bpf_events: 'true' };
  assert.ok(fed(all).includes('syslog_events') && fed(all).includes('file_events'));
  assert.deepEqual(fed({ ...all, disable_events: 'true' }), []);
});

test('events.enable_subscribers and disable_subscribers of the configuration', () => {
  const enabled = ['socket_events', 'syslog_events'];
  // What has no publisher that runs is not fed for all that.
  assert.deepEqual(fed(AUDIT, { enabled }), ['hardware_events', 'process_events', 'socket_events', 'user_events']);
  const disabled = ['hardware_events', 'socket_events', 'user_events'];
  assert.deepEqual(fed(AUDIT, { enabled, disabled }), ['process_events']);
  assert.deepEqual(fed({ disable_events: 'true' }, { enabled }), []);
});

test('bounds of time and eid reach the store, for every table of events', () => {
  const events = tables.filter(({ name }) => name.endsWith('_events') && name !== 'osquery_events');
  assert.equal(events.length, 13);
  for (const { name, load } of events) {
    const table = load();
    const asked: EventBounds[] = [];
    const source: EventSource = {
      read(_, bounds) {
        asked.push(bounds);
        return [];
      },
    };
    const eid = table.columns.eid === undefined ? {} : { eid: { min: 3, max: 4 } };
    runTable(table, new MemoryHost(new Map()), { events: source, where: { time: { min: 5, max: 7 }, ...eid } });
    assert.deepEqual(asked, [{ time: { min: 5, max: 7 }, eid: eid.eid ?? {} }], name);
  }
});
