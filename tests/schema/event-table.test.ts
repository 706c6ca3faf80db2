import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadEvent } from '../../src/schema/event-source.ts';
import { encodeCells, layoutOf } from '../../src/schema/event-table.ts';
import { bpfProcessEvents } from '../../src/tables/events/bpf_process_events.ts';

/** Cells that a query reads of an event that was kept with these cells. */
function read(layout: readonly string[], cells: Readonly<Record<string, unknown>>, columns: readonly string[]) {
  const event: ReadEvent = { eid: 7, time: 5, occurred: 5n, layout, cells: encodeCells(layout, cells) };
  const scan = {
    events: { read: () => [event] },
    bounds: () => ({}),
    row: (row: Record<string, unknown>) => row,
    uses: (name: string) => columns.includes(name),
  };
  const [row] = [...(bpfProcessEvents.generate(scan as never) as Iterable<unknown>)];
  const { time: _, ...rest } = row as Record<string, unknown>;
  return rest;
}

test('columns that are made of what is kept', () => {
  const layout = layoutOf(bpfProcessEvents);
  assert.ok(layout.includes('arguments') && !layout.includes('cmdline') && !layout.includes('json_cmdline'));
  const kept = { pid: 1, arguments: ['sh', '-c', 'echo "ü" \udcff'] };
  assert.deepEqual(read(layout, kept, ['pid', 'cmdline']), { pid: 1, cmdline: 'sh -c echo "ü" \udcff' });
  assert.deepEqual(read(layout, kept, ['json_cmdline']), { json_cmdline: '["sh","-c","echo \\"ü\\" \\udcff"]' });
  assert.deepEqual(read(layout, { arguments: [] }, ['cmdline', 'json_cmdline']), { cmdline: '', json_cmdline: '[]' });
});

test('of events that were kept before they were made, they are what was kept', () => {
  const earlier = { pid: 1, cmdline: 'sh -c', json_cmdline: '["sh","-c"]' };
  assert.deepEqual(read(Object.keys(earlier), earlier, Object.keys(earlier)), earlier);
  assert.deepEqual(read(['pid'], { pid: 1 }, ['pid', 'cmdline']), { pid: 1 });
});
