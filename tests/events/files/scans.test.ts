import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileScans } from '../../../src/events/files/scans.ts';
import { momentOf } from '../../../src/schema/event-table.ts';
import type { FileAction, FileEvent } from '../../../src/schema/file-event.ts';
import type { ScanAnswer, ScanOutcome, ScanRequest } from '../../../src/schema/yara-match.ts';
import { yaraEvents } from '../../../src/tables/events/yara_events.ts';
import { MemoryHost } from '../../../src/testing/memory-host.ts';
import { parseTree } from '../../../src/testing/tree.ts';

const { files } = new MemoryHost(parseTree('/w/a\n| x\n/w/d/\n/w/fifo fifo\n'));
const [regular, directory, fifo] = ['/w/a', '/w/d', '/w/fifo'].map((path) => files.stat(path));
const MATCHES = [
  { rule: 'one', tags: ['t', 'u'], strings: ['$a:0', '$b:1f'] },
  { rule: 'two', tags: ['t'], strings: [] },
];

function event(path: string, action: FileAction = 'UPDATED', more: Partial<FileEvent> = {}): FileEvent {
  const rest = { occurred: 1n, category: 'c', transaction: 0, pid: 1, stat: regular, digests: undefined };
  return { ...rest, isHashed: false, path, action, ...more };
}

function over() {
  const asked: ScanRequest[] = [];
  const answers: ScanAnswer[] = [];
  const told: FileEvent[] = [];
  const warned: string[] = [];
  const clock = { now: 0 };
  const scans = new FileScans(
    new Map([
      ['c', ['g', 'h']],
      ['d', ['h']],
    ]),
    { ask: (request) => asked.push(request), answer: () => answers.shift() },
    (its) => told.push(its),
    (message) => warned.push(message),
    () => clock.now,
  );
  const answer = (outcome: ScanOutcome, ...ids: number[]) => answers.push(...ids.map((id) => ({ id, outcome })));
  return { scans, asked, answer, told, warned, clock };
}

test('files that were made, changed or moved are scanned, of categories that have groups', () => {
  const { scans, asked } = over();
  scans.offer(event('/w/a', 'CREATED'));
  scans.offer(event('/w/b', 'MOVED_TO', { category: 'd' }));
  scans.offer(event('/w/c', 'UPDATED'));
  for (const action of ['ACCESSED', 'ATTRIBUTES_MODIFIED', 'DELETED', 'MOVED_FROM', 'OPENED'] as const)
    scans.offer(event('/w/e', action));
  scans.offer(event('/w/f', 'UPDATED', { category: 'else' }));
  for (const stat of [directory, fifo, undefined]) scans.offer(event('/w/g', 'CREATED', { stat }));
  scans.tick();
  assert.deepEqual(asked, [
    { id: 1, path: '/w/a', groups: ['g', 'h'] },
    { id: 2, path: '/w/b', groups: ['h'] },
    { id: 3, path: '/w/c', groups: ['g', 'h'] },
  ]);
});

test('changes that come before a scan share it, and each is told again; later ones have another', () => {
  const { scans, asked, answer, told } = over();
  scans.offer(event('/w/a', 'CREATED'));
  scans.offer(event('/w/a', 'UPDATED'));
  scans.tick();
  scans.offer(event('/w/a', 'UPDATED'));
  scans.tick();
  assert.equal(asked.length, 2);
  answer({ kind: 'scanned', matches: MATCHES }, 1);
  answer({ kind: 'scanned', matches: [] }, 2, 2, 77);
  scans.tick();
  assert.deepEqual(
    told.map(({ action, matches }) => [action, matches]),
    [
      ['CREATED', MATCHES],
      ['UPDATED', MATCHES],
    ],
  );
  assert.deepEqual(
    [...yaraEvents.rows(told[0]!, momentOf(files, 1))],
    [
      {
        target_path: '/w/a',
        category: 'c',
        action: 'CREATED',
        matches: 'one,two',
        count: 2,
        strings: '$a:0,$b:1f',
        tags: 't,u,t',
      },
    ],
  );
  assert.ok(Object.values(scans.dropped).every((count) => count === 0));
});

test('what fails is counted by its cause and said of one file a minute', () => {
  const { scans, asked, answer, told, warned, clock } = over();
  const late = { kind: 'failed', cause: 'took too long', reason: 'took longer than 9 s' } as const;
  for (let i = 0; i < 5; i++) scans.offer(event(`/w/${i}`));
  scans.tick();
  assert.equal(asked.length, 5);
  answer(late, 1, 2);
  answer({ kind: 'failed', cause: 'file too large', reason: 'has more than 5 bytes' }, 3);
  answer({ kind: 'absent' }, 4);
  scans.tick();
  clock.now = 60_000;
  answer(late, 5);
  scans.tick();
  assert.deepEqual(warned, [
    'yara: /w/0 was not scanned: took longer than 9 s',
    'yara: /w/2 was not scanned: has more than 5 bytes',
    'yara: /w/4 was not scanned: took longer than 9 s',
  ]);
  assert.deepEqual(told, []);
  assert.deepEqual(scans.dropped, {
    'scan: queue full': 0,
    'scan: ended before': 0,
    'scan: gone': 1,
    'scan: file too large': 1,
    'scan: took too long': 3,
    'scan: failed': 0,
  });
});

test('no more wait than there is room for, nor are asked for at once; what waits at the end is counted', () => {
  const { scans, asked, answer } = over();
  for (let i = 0; i < 10_010; i++) scans.offer(event(`/w/${i}`));
  scans.tick();
  scans.tick();
  assert.equal(asked.length, 32);
  answer({ kind: 'absent' }, 1, 2);
  scans.tick();
  assert.equal(asked.length, 34);
  scans.offer(event('/w/x'));
  scans.offer(event('/w/5000'));
  scans.offer(event('/w/y'));
  assert.equal(scans.dropped['scan: queue full'], 11);
  assert.equal(scans.dropped['scan: gone'], 2);
  scans.stop();
  answer({ kind: 'scanned', matches: MATCHES }, 3);
  scans.tick();
  assert.equal(scans.dropped['scan: ended before'], 10_000);
});
