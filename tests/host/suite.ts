/** What every `Files` does, whatever is behind it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HostError } from '../../src/base/errors.ts';
import type { Files } from '../../src/host/host.ts';
import { parseTree, type Tree } from '../../src/testing/tree.ts';

const TREE = parseTree(String.raw`
/etc/ 0755
/etc/hostname 0640 mtime=2024-05-01T12:00:00Z
| web-1
/etc/empty
/etc/binary
\ \x00\xff\xfe\x00
/etc/localtime -> /usr/share/zoneinfo/UTC
/etc/escape -> ../../../../../../../../etc/hostname
/etc/relative -> hostname
/etc/dangling -> /nowhere/at/all
/etc/self -> self
/etc/ping -> pong
/etc/pong -> ping
/etc/through -> /links/chain/../etc/hostname
/usr/share/zoneinfo/UTC
| TZif2
/links/chain -> /links/next
/links/next -> ../etc
/links/up -> ../../..
/srv/caf\xe9\x20au\x20lait
| not UTF-8
/srv/th\xc3\xa9
| UTF-8
/srv/\xef\xbf\xbd
| a real U+FFFD
/srv/to\xff -> caf\xe9\x20au\x20lait
/srv/hole size=5000000
> head
/tmp/ 1777
`);

export function filesSuite(name: string, make: (tree: Tree) => { readonly files: Files } & Partial<Disposable>): void {
  describe(name, () => {
    const made = make(TREE);
    const { files } = made;

    test('reads text and bytes', () => {
      assert.equal(files.readText('/etc/hostname'), 'web-1\n');
      assert.equal(files.readText('/etc/empty'), '');
      assert.deepEqual(files.readBytes('/etc/hostname'), Buffer.from('web-1\n'));
      assert.deepEqual(files.readBytes('/etc/binary'), Buffer.from([0, 0xff, 0xfe, 0]));
      assert.equal(files.readText('/etc/binary'), '\0\udcff\udcfe\0');
    });

    test('gives bytes that a later read does not change', () => {
      const bytes = files.readBytes('/etc/hostname');
      files.readBytes('/usr/share/zoneinfo/UTC');
      bytes[0] = 0x57;
      assert.equal(bytes.toString(), 'Web-1\n');
      assert.equal(files.readText('/etc/hostname'), 'web-1\n');
    });

    test('reads a file longer than a buffer', () => {
      const bytes = files.readBytes('/srv/hole');
      assert.equal(bytes.length, 5_000_000);
      assert.equal(bytes.toString('latin1', 0, 6), 'head\0\0');
    });

    test('keeps to the limit', () => {
      assert.equal(files.readText('/etc/hostname', { limit: 6 }), 'web-1\n');
      refuses('EFBIG', () => files.readText('/etc/hostname', { limit: 5 }));
      refuses('EFBIG', () => files.readBytes('/srv/hole', { limit: 4_999_999 }));
    });

    test('names what it refuses', () => {
      refuses('ENOENT', () => files.readText('/etc/nothing'));
      refuses('ENOENT', () => files.list('/nothing'));
      refuses('ENOENT', () => [...files.scan('/nothing')]);
      refuses('ENOENT', () => files.stat('/nothing'));
      refuses('ENOENT', () => files.linkStat('/nothing'));
      refuses('ENOENT', () => files.readLink('/nothing'));
      refuses('ENOENT', () => files.realPath('/nothing'));
      refuses('ENOENT', () => files.open('/nothing'));
      refuses('ENOENT', () => files.attributes('/nothing'));
      refuses('EISDIR', () => files.readText('/etc'));
      refuses('EISDIR', () => files.open('/etc'));
      refuses('ENOTDIR', () => files.list('/etc/hostname'));
      refuses('ENOTDIR', () => [...files.scan('/etc/hostname')]);
      refuses('ENOTDIR', () => files.readText('/etc/hostname/more'));
      refuses('ENOTDIR', () => files.stat('/etc/hostname/'));
      refuses('ENOTDIR', () => files.stat('/etc/hostname/..'));
      refuses('EINVAL', () => files.readLink('/etc/hostname'));
      refuses('ENOENT', () => files.readText('/etc/host\0name'));
      refuses('ENOENT', () => files.readText('etc/hostname'));
      assert.equal(files.exists('etc/hostname'), false);
    });

    test('says the path that was asked for', () => {
      assert.throws(() => files.readText('/etc/nothing'), { name: 'HostError', path: '/etc/nothing' });
      assert.throws(() => files.list('/etc/self'), { name: 'HostError', path: '/etc/self' });
    });

    test('lists and scans the same', () => {
      const listed = files.list('/etc');
      const kinds = Object.fromEntries(listed.map(({ name, kind }) => [name, kind]));
      assert.equal(kinds['hostname'], 'regular');
      assert.equal(kinds['localtime'], 'symlink');
      assert.equal(kinds['dangling'], 'symlink');
      assert.equal(listed.length, 11);
      const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
      assert.deepEqual([...files.scan('/etc')].sort(byName), [...listed].sort(byName));
      assert.deepEqual(files.list('/tmp'), []);
      assert.deepEqual(files.list('/links/next').length, 11);
    });

    test('escapes names that are not UTF-8', () => {
      const names = ['caf\udce9 au lait', 'hole', 'thé', 'to\udcff', '\ufffd'].sort();
      assert.deepEqual(namesIn(files.list('/srv')), names);
      assert.deepEqual(namesIn(files.scan('/srv')), names);
      assert.equal(files.readText('/srv/caf\udce9 au lait'), 'not UTF-8\n');
      assert.equal(files.readText('/srv/\ufffd'), 'a real U+FFFD\n');
      assert.equal(files.readText('/srv/to\udcff'), 'not UTF-8\n');
      assert.equal(files.readLink('/srv/to\udcff'), 'caf\udce9 au lait');
      assert.equal(files.realPath('/srv/to\udcff'), '/srv/caf\udce9 au lait');
      assert.ok(files.exists('/srv/caf\udce9 au lait'));
      assert.ok(!files.exists('/srv/caf\ufffd au lait'));
    });

    test('stats', () => {
      const file = files.stat('/etc/hostname');
      assert.equal(file.kind, 'regular');
      assert.equal(file.mode, 0o100640);
      assert.equal(file.size, 6);
      assert.equal(file.mtime, Date.UTC(2024, 4, 1, 12) / 1000);
      assert.equal(files.stat('/tmp').mode, 0o041777);
      assert.equal(files.stat('/srv/hole').size, 5_000_000);
      assert.equal(files.stat('/etc/localtime').kind, 'regular');
      const link = files.linkStat('/etc/localtime');
      assert.equal(link.kind, 'symlink');
      assert.equal(link.size, '/usr/share/zoneinfo/UTC'.length);
      assert.equal(files.linkStat('/links/next').kind, 'symlink');
      assert.equal(files.linkStat('/links/next/').kind, 'directory');
      assert.equal(files.stat('/').kind, 'directory');
    });

    test('follows links inside the root only', () => {
      assert.equal(files.readText('/etc/localtime'), 'TZif2\n');
      assert.equal(files.readText('/etc/escape'), 'web-1\n');
      assert.equal(files.readText('/etc/relative'), 'web-1\n');
      assert.equal(files.readText('/etc/through'), 'web-1\n');
      assert.equal(files.readText('/links/chain/hostname'), 'web-1\n');
      assert.equal(files.readText('/../../etc/./hostname'), 'web-1\n');
      assert.deepEqual(namesIn(files.list('/links/up')), ['etc', 'links', 'srv', 'tmp', 'usr']);
      assert.equal(files.readLink('/etc/localtime'), '/usr/share/zoneinfo/UTC');
      assert.equal(files.realPath('/etc/through'), '/etc/hostname');
      assert.equal(files.realPath('/links/up/links/../etc/.'), '/etc');
      assert.equal(files.realPath('/..'), '/');
    });

    test('survives dangling and looping links', () => {
      refuses('ENOENT', () => files.readText('/etc/dangling'));
      assert.equal(files.exists('/etc/dangling'), false);
      assert.equal(files.linkStat('/etc/dangling').kind, 'symlink');
      for (const path of ['/etc/self', '/etc/ping', '/etc/self/below']) {
        refuses('ELOOP', () => files.readText(path));
        refuses('ELOOP', () => files.stat(path));
        refuses('ELOOP', () => files.realPath(path));
        assert.equal(files.exists(path), false);
      }
      assert.equal(files.readLink('/etc/self'), 'self');
    });

    test('reads an open file in order and anywhere', () => {
      using file = files.open('/srv/hole');
      assert.equal(file.stat.size, 5_000_000);
      const into = Buffer.alloc(3);
      assert.equal(file.read(into), 3);
      assert.equal(into.toString(), 'hea');
      assert.equal(file.readAt(into, 1), 3);
      assert.equal(into.toString(), 'ead');
      assert.equal(file.read(into), 3);
      assert.equal(into.toString(), 'd\0\0');
      assert.equal(file.readAt(into, 4_999_999), 1);
      assert.equal(file.readAt(into, 6_000_000), 0);
    });

    test('has no attributes where none are', () => {
      assert.equal(files.attributes('/etc/hostname').size, 0);
    });

    test('ends', () => made[Symbol.dispose]?.());
  });
}

function namesIn(entries: Iterable<{ readonly name: string }>): string[] {
  return [...entries].map(({ name }) => name).sort();
}

export function refuses(code: string, action: () => unknown): void {
  assert.throws(action, (cause) => {
    assert.ok(cause instanceof HostError, String(cause));
    assert.equal(cause.code, code);
    return true;
  });
}
