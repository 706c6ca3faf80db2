import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { storeFiles } from '../../src/host/linux/store-files.ts';
import { openMemoryStore, openStore } from '../../src/store/sqlite-store.ts';
import { type Store, StoreDamaged, StoreFull } from '../../src/store/store.ts';

const SOURCES = join(import.meta.dirname, '../../src');

/** A program that opens the store of `argv[1]` and does `body` with it. */
function program(body: string): string[] {
  const script = `
    const { openStore } = await import(${JSON.stringify(join(SOURCES, 'store/sqlite-store.ts'))});
    const { storeFiles } = await import(${JSON.stringify(join(SOURCES, 'host/linux/store-files.ts'))});
    const store = openStore(process.argv[1], storeFiles, (message) => console.error(message));
    ${body}`;
  return ['--input-type=module', '--eval', script];
}

for (const kind of ['in memory', 'on disk'])
  describe(`a store ${kind}`, () => {
    let folder = '';
    let store: Store;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'osquery-store-'));
      store = kind === 'in memory' ? openMemoryStore() : openStore(folder, storeFiles, assert.fail);
    });
    afterEach(() => {
      store[Symbol.dispose]();
      rmSync(folder, { recursive: true });
    });

    test('settings', () => {
      const { settings } = store;
      assert.equal(settings.get('a'), undefined);
      settings.set('a', '1');
      settings.set('a', "2'; DROP TABLE settings; --\0é");
      assert.equal(settings.get('a'), "2'; DROP TABLE settings; --\0é");
      settings.set('interval.b', '60:61');
      settings.set('interval.a', '5:5');
      settings.set('intervalx', '');
      settings.set('interval%', '');
      assert.deepEqual(
        [...settings.entries('interval.')],
        [
          ['interval.a', '5:5'],
          ['interval.b', '60:61'],
        ],
      );
      settings.delete('a');
      settings.delete('never there');
      assert.equal(settings.get('a'), undefined);
    });

    test('a transaction is kept whole or not at all', () => {
      store.transaction(() => {
        store.settings.set('a', '1');
        store.logs('tls').append('x');
      });
      assert.equal(store.logs('tls').length, 1);
      assert.throws(
        () =>
          store.transaction(() => {
            store.settings.set('a', '2');
            store.logs('tls').append('y');
            store.transaction(() => store.settings.set('b', '2'));
            throw new Error('stop');
          }),
        /stop/,
      );
      assert.equal(store.settings.get('a'), '1');
      assert.equal(store.settings.get('b'), undefined);
      assert.equal(store.logs('tls').length, 1);
      assert.equal(
        store.transaction(() => 7, { durable: true }),
        7,
      );
      store.transaction(() => store.settings.set('a', '3'));
      assert.equal(store.settings.get('a'), '3');
    });

    test('a queue gives lines in order, until they have arrived', () => {
      const [tls, kafka] = [store.logs('tls'), store.logs('kafka')];
      for (let i = 0; i < 5; i++) tls.append(`line ${i}`);
      kafka.append('other');
      assert.deepEqual(
        tls.oldest(2).map(({ line }) => line),
        ['line 0', 'line 1'],
      );
      assert.deepEqual(
        tls.oldest(10, 13).map(({ line }) => line),
        ['line 0', 'line 1'],
      );
      assert.deepEqual(
        tls.oldest(10, 1).map(({ line }) => line),
        ['line 0'],
      );
      const [, second, third] = tls.oldest(3);
      tls.acknowledge(second!.id);
      assert.equal(tls.length, 3);
      assert.equal(tls.oldest(1)[0]?.id, third!.id);
      assert.equal(kafka.length, 1);
      tls.acknowledge(Number.MAX_SAFE_INTEGER);
      tls.append('after');
      assert.ok(tls.oldest(1)[0]!.id > third!.id);
    });

    test('a long queue is cut from the old end, some at a time', () => {
      const queue = store.logs('tls');
      store.transaction(() => {
        for (let i = 0; i < 3500; i++) queue.append(`line ${i}`);
      });
      const cuts: number[] = [];
      for (let dropped = queue.trim(1000); dropped > 0; dropped = queue.trim(1000)) cuts.push(dropped);
      assert.deepEqual(cuts, [400, 400, 400, 400, 400, 400, 100]);
      assert.equal(queue.length, 1000);
      assert.equal(queue.oldest(1)[0]?.line, 'line 2500');
      queue.acknowledge(Number.MAX_SAFE_INTEGER);
      assert.equal(queue.length, 0);
    });
  });

describe('a store on disk', () => {
  let folder = '';
  const path = () => join(folder, 'store.sqlite');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'osquery-store-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Opens, uses and closes it; what it warned of. */
  function use(work: (store: Store) => void = () => {}): string[] {
    const warnings: string[] = [];
    using store = openStore(folder, storeFiles, (message) => warnings.push(message));
    work(store);
    return warnings;
  }

  /** Leaves 2,000 lines, some of which cannot be read. */
  function damageLines(): void {
    use((store) =>
      store.transaction(() => {
        for (let i = 0; i < 2000; i++) store.logs('tls').append('x'.repeat(100));
      }),
    );
    const bytes = readFileSync(path());
    bytes.fill(0xff, 20 * 4096, 24 * 4096);
    writeFileSync(path(), bytes);
  }

  test('is there again, ids go on, only its owner may read it', () => {
    let last = 0;
    use((store) => {
      store.settings.set('a', '1');
      store.logs('tls').append('x');
      last = store.logs('tls').oldest(1)[0]!.id;
      store.logs('tls').acknowledge(last);
    });
    assert.equal(statSync(path()).mode & 0o777, 0o600);
    use((store) => {
      assert.equal(store.settings.get('a'), '1');
      store.logs('tls').append('y');
      assert.ok(store.logs('tls').oldest(1)[0]!.id > last);
    });
    assert.deepEqual(readdirSync(folder), ['store.sqlite']);
  });

  test('makes the directory, in a place that osquery used, too', () => {
    const outer = folder;
    rmSync(outer, { recursive: true });
    folder = join(outer, 'a/b');
    use();
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    writeFileSync(join(folder, 'CURRENT'), 'MANIFEST-000001\n');
    use();
    assert.ok(readdirSync(folder).includes('CURRENT'));
    folder = outer;
  });

  test('belongs to one process: the second is told which', async () => {
    const child = spawn(process.execPath, [...program("console.log('open'); setInterval(() => {}, 1000)"), folder]);
    try {
      await once(child.stdout, 'data');
      assert.throws(() => use(), {
        name: 'UserError',
        message: `${path()}: process ${child.pid} has it; stop it, or name another --database_path`,
      });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    use();
  });

  test('survives a kill at any moment: what was committed is there, and no part of what was not', async () => {
    // Not `process.stdout`: once the other end is slow, that keeps all to itself in a loop that never ends.
    const body = `
      const { writeSync } = await import('node:fs');
      for (let i = Number(store.settings.get('n') ?? 0) + 1; ; i++) {
        store.transaction(() => {
          store.settings.set('n', String(i));
          for (let k = 0; k < 3; k++) store.logs('tls').append(i + ' ' + k);
        });
        writeSync(1, i + '\\n');
      }`;
    for (let round = 0; round < 8; round++) {
      const child = spawn(process.execPath, [...program(body), folder], { stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        // Somewhere in the middle of what it does then.
        if (output.length > 200 * (round + 1)) child.kill('SIGKILL');
      });
      await once(child, 'close');
      const told = Number(output.trimEnd().split('\n').at(-1));
      const warnings = use((store) => {
        const committed = Number(store.settings.get('n'));
        assert.ok(committed >= told || !output.endsWith('\n'), `${committed} of ${told}`);
        const queue = store.logs('tls');
        assert.equal(queue.length, 3 * committed);
        assert.equal(queue.oldest(queue.length).at(-1)?.line, `${committed} 2`);
      });
      assert.deepEqual(warnings, []);
    }
  });

  test('a newer version, and a database of another program, are left alone', () => {
    use();
    const database = new DatabaseSync(path());
    database.exec('PRAGMA user_version = 999');
    database.close();
    assert.throws(() => use(), { name: 'UserError', message: /made by a newer version \(999; this one knows \d+\)/ });
    const other = new DatabaseSync(path());
    other.exec('PRAGMA user_version = 0; PRAGMA application_id = 42');
    other.close();
    assert.throws(() => use(), { name: 'UserError', message: /a database of another program/ });
  });

  test('a damaged one is moved aside with a warning, and a new one begun', () => {
    use((store) => store.settings.set('a', '1'));
    writeFileSync(path(), 'no database, but long enough to be taken for one'.repeat(100));
    const [warning, ...more] = use((store) => {
      assert.equal(store.settings.get('a'), undefined);
      store.settings.set('a', '2');
    });
    assert.match(
      warning!,
      /store\.sqlite: damaged \(file is not a database\); moved to .*store\.sqlite\.damaged-1, a new one is begun/,
    );
    assert.deepEqual(more, []);
    assert.match(readFileSync(`${path()}.damaged-1`, 'utf8'), /^no database/);
    assert.deepEqual(
      use((store) => assert.equal(store.settings.get('a'), '2')),
      [],
    );
  });

  test('one that was cut short while nobody said good-bye is found out', () => {
    const crash = spawnSync(process.execPath, [
      ...program(
        "store.transaction(() => { for (let i = 0; i < 2000; i++) store.logs('tls').append('x'.repeat(100)); }); process.kill(process.pid, 'SIGKILL')",
      ),
      folder,
    ]);
    assert.equal(crash.signal, 'SIGKILL');
    // Everything into the file, then a page of its middle is lost.
    const database = new DatabaseSync(path());
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    const bytes = readFileSync(path());
    bytes.fill(0xff, 20 * 4096, 24 * 4096);
    writeFileSync(path(), bytes);
    assert.match(use()[0]!, /damaged .*moved to/);
    truncateSync(path(), 5000);
    assert.match(use()[0]!, /damaged .*damaged-2/);
  });

  test('one that turns out to be damaged in use is moved aside then, and whoever has it goes on with a new one', () => {
    damageLines();
    const warnings = use((store) => {
      const queue = store.logs('tls');
      queue.arrived = 7;
      store.settings.set('a', '1');
      const readAll = () => queue.oldest(2000).length;
      assert.throws(
        () => store.transaction(() => [store.settings.set('b', '2'), readAll(), assert.fail()]),
        StoreDamaged,
      );
      assert.deepEqual(
        [...store.settings.entries()].map(([name]) => name),
        ['store.open'],
      );
      // Lines of the new one have the ids of old ones that have arrived.
      assert.deepEqual([queue.length, readAll(), queue.arrived], [0, 0, 0]);
      store.transaction(() => queue.append('new'));
      assert.deepEqual(queue.oldest(9), [{ id: 1, line: 'new' }]);
    });
    assert.match(
      warnings.join('\n'),
      /^.*store\.sqlite: damaged \(.*malformed\); moved to .*damaged-1, a new one is begun$/,
    );
    assert.deepEqual(
      use((store) => assert.equal(store.logs('tls').length, 1)),
      [],
    );
  });

  test('where no new one can be made, what is kept is kept until the end', () => {
    damageLines();
    const warnings: string[] = [];
    const files = { ...storeFiles, rename: () => assert.fail('read-only') };
    using store = openStore(folder, files, (message) => warnings.push(message));
    assert.throws(() => store.logs('tls').oldest(2000), StoreDamaged);
    store.settings.set('a', '1');
    assert.equal(store.settings.get('a'), '1');
    assert.match(warnings.at(-1)!, /no new one can be made \(read-only\); nothing is kept over a restart/);
  });

  test('an older version becomes the present one, and loses nothing', () => {
    use((store) => store.settings.set('a', '1'));
    const database = new DatabaseSync(path());
    database.exec('DROP TABLE cursors; PRAGMA user_version = 1');
    database.close();
    assert.deepEqual(
      use((store) => {
        assert.equal(store.settings.get('a'), '1');
        store.cursors.set('q', 'select', 'events', new Map([['process_events', 7]]));
        assert.deepEqual([...store.cursors.of('q', 'events')], [['process_events', 7]]);
      }),
      [],
    );
  });

  test('where it cannot be, the reason', () => {
    writeFileSync(join(folder, 'file'), '');
    assert.throws(() => openStore(join(folder, 'file'), storeFiles, assert.fail), {
      name: 'UserError',
      message: /file\/store\.sqlite: cannot be opened: ENOTDIR/,
    });
    mkdirSync(path());
    assert.throws(() => use(), { name: 'NotOurFile', message: /store\.sqlite is not used, as it is a directory/ });
  });

  test('a full disk loses what does not fit, and nothing else', (t) => {
    mkdirSync(join(folder, 'small'));
    const small = join(folder, 'small');
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0755', 'none', small]).status !== 0)
      return t.skip('mounting a small file system needs root');
    try {
      const store = openStore(small, storeFiles, assert.fail);
      store.settings.set('a', '1');
      let kept = 0;
      assert.throws(() => {
        for (;;) {
          store.transaction(() => store.logs('tls').append('x'.repeat(10_000)));
          kept++;
        }
      }, StoreFull);
      assert.ok(kept > 10);
      assert.equal(store.logs('tls').length, kept);
      assert.equal(store.settings.get('a'), '1');
      assert.throws(() => store.transaction(() => store.logs('tls').append('x'.repeat(10_000))), StoreFull);
      store[Symbol.dispose]();
      // Room again: it goes on where it was.
      spawnSync('mount', ['-o', 'remount,size=8m', small]);
      using again = openStore(small, storeFiles, assert.fail);
      assert.equal(again.logs('tls').length, kept);
      again.transaction(() => again.logs('tls').append('fits'));
    } finally {
      spawnSync('umount', [small]);
    }
  });
});
