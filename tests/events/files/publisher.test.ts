import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InotifyTree } from '../../../src/events/files/inotify-tree.ts';
import { PathRules } from '../../../src/events/files/path-rules.ts';
import { FileProgress } from '../../../src/events/files/progress.ts';
import { FilePublisher } from '../../../src/events/files/publisher.ts';
import type { FileChange, FileSource } from '../../../src/events/files/source.ts';
import { FILE_EVENTS } from '../../../src/parse/inotify.ts';
import type { FileEvent } from '../../../src/schema/file-event.ts';
import { MemoryHost } from '../../../src/testing/memory-host.ts';
import { parseTree } from '../../../src/testing/tree.ts';

const { created, modified, closedWritten, movedFrom, movedTo, deleted, directory } = FILE_EVENTS;

const rules = new PathRules({ paths: new Map([['all', ['/w/%%']]]), excluded: new Map() });

/** A source that tells what it is given, and that it has lost the rest. */
function source(
  changes: (Partial<FileChange> & { path: string; mask: number })[],
  { overflows = false, isWhole = true } = {},
): FileSource {
  let left = changes;
  return {
    fd: 7,
    isWhole,
    malformed: 3,
    tick: () => {},
    stop: () => {},
    read(heard, overflow) {
      for (const change of left) heard({ cookie: 0, ...change });
      left = [];
      if (overflows) overflow();
      overflows = false;
      return false;
    },
  };
}

function heard(
  files: MemoryHost['files'],
  its: FileSource,
  hashLimit = 1000,
  wall?: () => number,
): { events: FileEvent[]; warned: string[] } {
  const events: FileEvent[] = [];
  const warned: string[] = [];
  let now = 0;
  // Ten seconds after the start.
  const walls = [1_700_000_000_000];
  const options = { hashLimit, now: () => now++, wall: wall ?? (() => walls.shift() ?? 1_700_000_010_000) };
  const publisher = new FilePublisher(
    [{ rules, sources: [its], hash: true }],
    files,
    options,
    (event) => events.push(event),
    (message) => warned.push(message),
  );
  assert.deepEqual(publisher.fds, [7]);
  while (publisher.read());
  assert.equal(publisher.counts.dropped['malformed'], 3);
  assert.equal(publisher.counts.events, events.length);
  return { events, warned };
}

const never = () => assert.fail();
const texts = (events: FileEvent[]) => events.map(({ action, path }) => `${action} ${path}`);

test('bits that were merged are told one by one; a change once, until it was looked at', () => {
  const { files } = new MemoryHost(parseTree('/w/a\n> content\n/w/big size=2000\n'));
  const { events } = heard(
    files,
    source([
      { path: '/w/a', mask: created | modified | closedWritten },
      { path: '/w/a', mask: modified },
      { path: '/else', mask: modified },
      { path: '/w/big', mask: closedWritten },
      { path: '/w/gone', mask: created | deleted },
      { path: '/w/d', mask: created | directory },
      { path: '/w/x', mask: movedFrom, cookie: 5 },
      { path: '/w/y', mask: movedTo, cookie: 5 },
    ]),
  );
  assert.deepEqual(texts(events), [
    'CREATED /w/a',
    'UPDATED /w/a',
    'UPDATED /w/big',
    'CREATED /w/gone',
    'DELETED /w/gone',
    'CREATED /w/d',
    'MOVED_FROM /w/x',
    'MOVED_TO /w/y',
  ]);
  assert.equal(events[0]!.digests?.md5, '9a0364b9e99bb480dd25e1f0284c8555');
  // Too large, not there, a directory.
  for (const i of [2, 3, 5]) assert.deepEqual([events[i]!.digests, events[i]!.isHashed], [undefined, true]);
  assert.deepEqual([events[6]!.transaction, events[7]!.transaction], [5, 5]);
});

test('after an overflow all that has changed since is told', () => {
  const { files } = new MemoryHost(
    parseTree(
      `/w/a mtime=1700000001
       /w/d/ mtime=5
       /w/d/b mtime=1700000005 btime=5
       /w/old mtime=1699999990
       /w/told mtime=1700000003
       /w/half mtime=1700000003
       /w/later mtime=1700000020
       /v/c mtime=1700000001
      `.replaceAll(/^ +/gm, ''),
    ),
  );
  // Of one it was lost that it was made, but not that it was closed.
  const told = [
    { path: '/w/told', mask: created },
    { path: '/w/half', mask: closedWritten },
  ];
  const { events, warned } = heard(files, source(told, { overflows: true }));
  assert.equal(warned.length, 1);
  assert.match(warned[0]!, /the kernel lost events/);
  assert.deepEqual(texts(events).sort(), [
    'CREATED /w/a',
    'CREATED /w/half',
    'CREATED /w/told',
    'UPDATED /w/d/b',
    'UPDATED /w/half',
  ]);
  // Where directories may have appeared that nobody told of, also what came since.
  const { events: all } = heard(files, source(told, { overflows: true, isWhole: false }));
  assert.deepEqual(texts(all).sort(), [
    'CREATED /w/a',
    'CREATED /w/half',
    'CREATED /w/later',
    'CREATED /w/told',
    'UPDATED /w/d/b',
    'UPDATED /w/half',
  ]);
});

test('what was found on the disk is not told again when its event is read after all', () => {
  const tree = '/w/new mtime=1700000005\n/w/old mtime=1700000006 btime=5\n/w/late mtime=1700000010\n';
  const { files } = new MemoryHost(parseTree(tree));
  const first = source([], { overflows: true, isWhole: false });
  const then = source([
    { path: '/w/new', mask: created },
    { path: '/w/new', mask: closedWritten },
    { path: '/w/old', mask: modified },
    { path: '/w/old', mask: deleted },
    { path: '/w/late', mask: created | closedWritten },
  ]);
  // The queue is not empty until all has been found.
  let reads = 0;
  const both: FileSource = {
    ...first,
    read: (...calls) => first.read(...calls) || reads++ < 5 || then.read(...calls),
  };
  const { events } = heard(files, both);
  assert.deepEqual(texts(events), [
    'CREATED /w/new',
    'UPDATED /w/old',
    'CREATED /w/late',
    'UPDATED /w/new',
    'DELETED /w/old',
    'UPDATED /w/late',
  ]);
});

test('what is lost while it is looked for what was lost is looked for, too', () => {
  const directories = Array.from({ length: 500 }, (_, i) => `/w/d${i}/ mtime=5 btime=5`);
  const files = ['/w/d499/first mtime=1700000001', '/w/d499/second mtime=1700000015', '/w/d499/third mtime=1700000025'];
  const host = new MemoryHost(parseTree(`${[...directories, ...files].join('\n')}\n`));
  let reads = 0;
  let now = 1_700_000_000_000;
  // After ten, twenty and thirty seconds; the first look has just begun then.
  const its: FileSource = {
    ...source([]),
    read(_, overflow) {
      reads += 1;
      if (reads <= 3) {
        now += 10_000;
        overflow();
      }
      return false;
    },
  };
  const { events, warned } = heard(host.files, its, 1000, () => now);
  assert.deepEqual(texts(events), ['CREATED /w/d499/first', 'CREATED /w/d499/second', 'CREATED /w/d499/third']);
  assert.equal(warned.length, 1);
});

test('inotify: a directory that cannot be watched is said once', () => {
  const { files } = new MemoryHost(parseTree('/w/a/x\n/w/b/x\n/w/c\n'));
  const watched: string[] = [];
  const warned: string[] = [];
  const watches = {
    fd: 3,
    add: (path: string) => (path.startsWith('/w/') ? 'ENOSPC' : watched.push(path)),
    remove: () => {},
    read: () => Buffer.alloc(0),
    [Symbol.dispose]: () => {},
  };
  const tree = new InotifyTree(watches, files, rules, { accesses: false, tops: ['/'] }, (text) => warned.push(text));
  while (tree.read(never, never));
  assert.deepEqual(watched, ['/', '/w']);
  assert.equal(warned.length, 1);
  assert.match(warned[0]!, /max_user_watches/);
  assert.equal(tree.size, 2);
});

test('one that goes on for another tells what that one hung on, and finds what has changed since', () => {
  const { files } = new MemoryHost(
    parseTree('/w/new mtime=1700000005\n/w/old mtime=1699999990\n/w/hung mtime=1699999990\n'),
  );
  const events: FileEvent[] = [];
  const progress = new FileProgress();
  const pending = { path: '/w/hung', action: 'UPDATED', occurred: 7_000_000n, cookie: 0, pid: 9, hash: true } as const;
  progress.pending = pending;
  assert.deepEqual(progress.pending, pending);
  const handedOver: number[] = [];
  let time = 1_700_000_010_000;
  const publisher = new FilePublisher(
    [{ rules, sources: [source([])], hash: true }],
    files,
    {
      hashLimit: 1000,
      now: () => 0,
      wall: () => time,
      progress,
      left: { since: 1_700_000_000, pending },
      handOver: () => handedOver.push(events.length),
    },
    (event) => events.push(event),
    never,
  );
  // Until all since then is found, another one would have to look for it again.
  assert.deepEqual([progress.pending, progress.since, handedOver], [undefined, 1_700_000_000, [1]]);
  while (publisher.read());
  assert.deepEqual(texts(events), ['UPDATED /w/hung', 'CREATED /w/new']);
  const [{ stat, digests, isHashed, pid, occurred }] = events as [FileEvent];
  assert.deepEqual([stat, digests, isHashed, pid, occurred], [undefined, undefined, true, 9, 7_000_000n]);
  assert.deepEqual([progress.since, progress.waiting, progress.pending], [1_700_000_010, 0, undefined]);
  assert.equal(handedOver.at(-1), 2);
  // A turn in which nothing has come.
  publisher.tick();
  time = 1_700_000_020_000;
  publisher.tick();
  assert.equal(progress.since, 1_700_000_020);
});
