import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { callNumber } from '../../../src/base/audit-syscalls.ts';
import { AuditAssembler } from '../../../src/events/audit/assemble.ts';
import { type FileOptions, FileTracker } from '../../../src/events/audit/file-tracker.ts';
import { parseAuditRecord } from '../../../src/parse/audit-record.ts';
import type { AuditEvent } from '../../../src/schema/audit-event.ts';

/** A program and its children that did with files whatever one can. */
const CAPTURE = join(import.meta.dirname, '../../captures/audit-files.txt');

const GONE = { processes: () => [], descriptor: () => undefined, inode: () => undefined };
const ALL: FileOptions = { matches: (path) => path.startsWith('/w/'), accesses: true, partial: false };

function assembled(lines: readonly string[]): AuditEvent[] {
  const events: AuditEvent[] = [];
  const assembler = new AuditAssembler((event) => events.push(event));
  for (const line of lines) assembler.add(parseAuditRecord(Number(line.slice(0, 4)), line.slice(5), 'test'), 0);
  assembler.tick(1e9);
  return events;
}

let serial = 0;

interface Told {
  readonly pid?: number;
  readonly ppid?: number;
  /** Milliseconds. */
  readonly at?: number;
  readonly cwd?: string;
  /** Kind, name, inode number, mode. */
  readonly paths?: readonly (readonly [string, string, number?, string?])[];
  readonly ended?: boolean;
}

/** The records of a call that succeeded: its arguments, and what it returned. */
function call(name: string, args: readonly number[], exit: number, told: Told = {}): AuditEvent {
  const { pid = 10, ppid = 1, at = 0, cwd = '/w', paths = [], ended = true } = told;
  serial += 1;
  const head = `audit(1.${String(at).padStart(3, '0')}:${serial}):`;
  const hex = args.map((value, i) => `a${i}=${(value >>> 0).toString(16)}`).join(' ');
  const lines = [
    `1300 ${head} arch=c000003e syscall=${callNumber(name, 'x64')} success=yes exit=${exit} ${hex} ppid=${ppid} pid=${pid}`,
    ...(paths.length > 0 ? [`1307 ${head} cwd="${cwd}"`] : []),
    ...paths.map(([kind, path, inode = 5, mode = '0100644'], i) => {
      return `1302 ${head} item=${i} name="${path}" inode=${inode} dev=fe:00 mode=${mode} nametype=${kind}`;
    }),
    ...(ended ? [`1320 ${head} `] : []),
  ];
  return assembled(lines)[0]!;
}

const HERE = -100;
const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;
const open = (descriptor: number, path: string, flags = O_RDWR, told: Told = {}) =>
  call('openat', [HERE, 1, flags, 0], descriptor, { ...told, paths: [['NORMAL', path]] });
const write = (descriptor: number, told: Told = {}) => call('write', [descriptor, 1, 1, 0], 1, told);
const read = (descriptor: number, told: Told = {}) => call('read', [descriptor, 1, 1, 0], 1, told);
const close = (descriptor: number, told: Told = {}) => call('close', [descriptor, 0, 0, 0], 0, told);

/** What is told of each event, in short. */
function follow(events: readonly AuditEvent[], options: Partial<FileOptions> = {}, lookup = GONE as object): string[] {
  const tracker = new FileTracker({ ...ALL, ...options }, { ...GONE, ...lookup });
  return events.flatMap((event) => short(tracker, event) ?? []);
}

function short(tracker: FileTracker, event: AuditEvent): string | undefined {
  const told = tracker.heard(event);
  if (told === undefined) return undefined;
  const { operation, path, destination, partial } = told;
  return [operation, path, destination, partial ? 'partial' : ''].filter(Boolean).join(' ');
}

describe('a recording', () => {
  const events = assembled(readFileSync(CAPTURE, 'latin1').trimEnd().split('\n'));
  const root = (path: string) => path.replaceAll('/tmp/osq-files', '');

  test('changes of one file, by whatever name and descriptor', () => {
    const matches = (path: string) => path === '/tmp/osq-files/a.txt';
    const told = follow(events, { matches, accesses: false }).map(root);
    assert.deepEqual(told, [
      'create /a.txt',
      // Through a copy of the descriptor, and copies of that.
      'write /a.txt',
      'open+truncate /a.txt',
      'rename /d.txt /a.txt',
      'link /a.txt /l.txt',
      'link /a.txt /l2.txt',
      'write /a.txt',
      'write /a.txt',
      // Memory that is shared with it.
      'write /a.txt',
    ]);
  });

  test('reads, opens and closes only if they are wanted', () => {
    const matches = (path: string) => path === '/tmp/osq-files/a.txt';
    const told = follow(events, { matches }).map(root);
    assert.deepEqual(told.slice(0, 4), ['create /a.txt', 'write /a.txt', 'close /a.txt', 'close /a.txt']);
    assert.ok(told.includes('open /a.txt') && told.includes('read /a.txt'));
  });

  test('what children do with descriptors that they were given', () => {
    const told = (name: string) => {
      const tracker = new FileTracker({ ...ALL, matches: (path) => path.endsWith(name), accesses: false }, GONE);
      return events.flatMap((event) => {
        const what = short(tracker, event);
        return what === undefined ? [] : [`${event.call!.record.field('exe')} ${root(what)}`];
      });
    };
    assert.deepEqual(told('inh.txt'), [
      '"/usr/bin/python3.11" create /inh.txt',
      '"/usr/bin/python3.11" write /inh.txt',
      '"/usr/bin/dash" write /inh.txt',
    ]);
    assert.deepEqual(told('cat.txt'), ['"/usr/bin/dash" open+truncate /cat.txt', '"/usr/bin/cat" write /cat.txt']);
  });
});

describe('descriptors', () => {
  test('a file is written once for each time that it was opened', () => {
    assert.deepEqual(
      follow([
        open(3, '/w/a'),
        read(3),
        read(3),
        write(3),
        write(3),
        read(3),
        close(3),
        write(3),
        open(3, 'b'),
        write(3),
      ]),
      ['open /w/a', 'read /w/a', 'write /w/a', 'close /w/a', 'open /w/b', 'write /w/b'],
    );
  });

  test('a number that stands for another file', () => {
    assert.deepEqual(follow([open(3, '/w/a'), open(3, '/other'), write(3)]), ['open /w/a']);
    const dup2 = (from: number, to: number) => call('dup2', [from, to], to);
    assert.deepEqual(follow([open(3, '/w/a'), dup2(9, 3), write(3)]), ['open /w/a']);
    assert.deepEqual(follow([open(3, '/w/a'), dup2(3, 1), close(3), write(1)]), [
      'open /w/a',
      'close /w/a',
      'write /w/a',
    ]);
    assert.deepEqual(follow([open(3, '/w/a'), call('close_range', [3, -1, 0], 0), write(3)]), ['open /w/a']);
  });

  test('a program that is started has those that are not closed for it', () => {
    const exec = call('execve', [1, 1, 1], 0);
    const run = (...between: AuditEvent[]) =>
      follow([open(3, '/w/a', O_RDWR | O_CLOEXEC), ...between, exec, write(3), write(4)], { accesses: false });
    assert.deepEqual(run(), []);
    assert.deepEqual(run(call('fcntl', [3, 2, 0], 0)), ['write /w/a']);
    assert.deepEqual(run(call('ioctl', [3, 0x5450, 0], 0)), ['write /w/a']);
    assert.deepEqual(run(call('fcntl', [3, 0, 0], 4)), ['write /w/a']);
    assert.deepEqual(run(call('fcntl', [3, 1030, 0], 4)), []);
    assert.deepEqual(run(call('dup3', [3, 4, O_CLOEXEC], 4)), []);
    assert.deepEqual(run(call('fcntl', [3, 2, 0], 0), call('close_range', [3, 9, 4], 0)), []);
  });

  test('a child has what its parent had, also if it is heard of first', () => {
    const child = { pid: 11, ppid: 10 };
    const fork = (told: Told = {}) => call('clone', [0x1200011], 11, told);
    const kept = { accesses: false };
    assert.deepEqual(follow([open(3, '/w/a'), fork(), close(3), write(3, child)], kept), ['write /w/a']);
    // `vfork` returns when the child has its program.
    const vfork = [open(3, '/w/a'), close(3, { ...child, at: 4 }), fork({ at: 4 }), write(3, child)];
    assert.deepEqual(follow(vfork, kept), []);
    // A thread is no child.
    const thread = call('clone', [0x10000], 11);
    assert.deepEqual(follow([open(3, '/w/a'), write(4, child), thread, write(3)], kept), ['write /w/a']);
    // One that was there before opened what it has itself.
    assert.deepEqual(follow([open(3, '/w/a'), write(3, child)], kept, { processes: () => [11] }), []);
    // A number that is used again.
    const again = [open(4, '/w/b', O_RDWR, child), open(3, '/w/a'), fork({ at: 9 }), write(4, child), write(3, child)];
    assert.deepEqual(follow(again, kept), ['write /w/a']);
    const ended = [open(4, '/w/b', O_RDWR, child), call('exit_group', [0], 0, child), write(4, child)];
    assert.deepEqual(follow(ended, kept), []);
  });

  test('what was opened unheard is looked up, if that is wanted', () => {
    const descriptor = (pid: number, number: number) =>
      [undefined, 'socket:[7]', '/w/log', '/other'][number] ?? `${pid}`;
    const events = [write(1), write(2), write(2), write(3), close(2), write(2)];
    assert.deepEqual(follow(events, {}, { descriptor }), []);
    assert.deepEqual(follow(events, { partial: true }, { descriptor }), [
      'write /w/log partial',
      'close /w/log partial',
      'write /w/log partial',
    ]);
    const dup2 = call('dup2', [2, 5], 5);
    assert.deepEqual(follow([dup2, write(5)], { partial: true }, { descriptor }), ['write /w/log partial']);
  });

  test('after a loss nothing is known', () => {
    const tracker = new FileTracker(ALL, GONE);
    tracker.heard(open(3, '/w/a'));
    tracker.forget();
    assert.equal(tracker.heard(write(3)), undefined);
    assert.equal(short(tracker, open(3, '/w/a')), 'open /w/a');
  });

  test('what is remembered is bounded', () => {
    const tracker = new FileTracker(ALL, GONE);
    const told = { pid: 20 };
    for (let number = 3; number < 2000; number++) tracker.heard(open(number, '/w/a', O_RDWR, told));
    // More than one process may have.
    assert.equal(tracker.heard(write(3, told)), undefined);
    assert.equal(short(tracker, write(1999, told)), 'write /w/a');
    // Its children have as many: those that were not heard of for the longest time are forgotten.
    for (let pid = 21; pid < 100; pid++) tracker.heard(call('clone', [0], pid, told));
    assert.equal(tracker.heard(write(1998, { pid: 22 })), undefined);
    assert.equal(short(tracker, write(1998, { pid: 90 })), 'write /w/a');
    assert.equal(short(tracker, write(1998, told)), 'write /w/a');
    tracker.heard(open(3, '/w/a', O_RDWR, { pid: 30 }));
    for (let pid = 100; pid < 16_600; pid++) tracker.heard(write(9, { pid }));
    assert.equal(tracker.heard(write(3, { pid: 30 })), undefined);
  });
});

describe('names', () => {
  const unlinkat = (directory: number, name: string, parent = 70) =>
    call('unlinkat', [directory, 1, 0], 0, {
      paths: [
        ['PARENT', '/w', parent, '040755'],
        ['DELETE', name, 71],
      ],
    });

  test('begin at the root, in the current directory, or in one that was opened', () => {
    const directory = call('openat', [HERE, 1, 0, 0], 5, { paths: [['NORMAL', '/w/sub/', 70, '040755']] });
    assert.deepEqual(
      follow([directory, unlinkat(HERE, '/w//x/../y'), unlinkat(HERE, './z'), unlinkat(5, 'a'), unlinkat(5, '../b')]),
      ['open /w/sub/', 'unlink /w/y', 'unlink /w/z', 'unlink /w/sub/a', 'unlink /w/b'],
    );
  });

  test('in a directory that was opened unheard: asked for, and compared', () => {
    const lookup = (inode: number) => ({
      descriptor: () => '/w/sub',
      inode: (path: string) => (path === '/w/sub' ? inode : undefined),
    });
    assert.deepEqual(follow([unlinkat(5, 'a')], {}, lookup(70)), ['unlink /w/sub/a']);
    // Another is open under its number by now.
    assert.deepEqual(follow([unlinkat(5, 'a')], {}, lookup(99)), []);
    assert.deepEqual(follow([unlinkat(5, 'a')], { partial: true }, lookup(99)), ['unlink /w/sub/a partial']);
    const tracker = new FileTracker(ALL, GONE);
    assert.equal(tracker.heard(unlinkat(5, 'a')), undefined);
    assert.equal(tracker.untracked, 1);
  });

  test('in a directory that was opened unheard, and that another name has told of', () => {
    const there = (name: string) =>
      call('unlink', [1], 0, {
        paths: [
          ['PARENT', '/w/sub/', 70, '040755'],
          ['DELETE', name, 72],
        ],
      });
    const told = ['unlink /w/sub/x', 'unlink /w/sub/a'];
    assert.deepEqual(follow([there('/w/sub/x'), unlinkat(5, 'a'), unlinkat(5, 'a', 99)]), told);
    const moved = call('rename', [1, 1], 0, {
      paths: [
        ['DELETE', '/w', 7, '040755'],
        ['CREATE', '/v', 7, '040755'],
      ],
    });
    assert.deepEqual(follow([there('/w/sub/x'), moved, unlinkat(5, 'a')]), told.slice(0, 1));
  });

  test('where one of two fits, both are told', () => {
    const rename = (from: string, to: string) =>
      call('rename', [1, 1], 0, {
        paths: [
          ['PARENT', '/', 70, '040755'],
          ['PARENT', '/', 70, '040755'],
          ['DELETE', from],
          ['DELETE', to, 6],
          ['CREATE', to],
        ],
      });
    const told = follow([rename('/w/a', '/b'), rename('/b', '/w/a'), rename('/b', '/c')]);
    assert.deepEqual(told, ['rename /w/a /b', 'rename /b /w/a']);
  });

  test('records that lack what one needs', () => {
    const lost = { paths: [['DELETE', '/w/a']] as const, ended: false };
    assert.deepEqual(follow([call('unlink', [1], 0, lost)]), []);
    assert.deepEqual(follow([call('unlink', [1], 0, lost)], { partial: true }), ['unlink /w/a partial']);
    for (const name of ['unlink', 'rename', 'openat', 'openat2', 'mmap', 'symlink', 'close_range', 'fcntl']) {
      assert.deepEqual(follow([call(name, [], 0)], { partial: true }), [], name);
    }
  });
});
