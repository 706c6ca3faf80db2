/** What patterns find and what they look at; which of all texts they fit is in `tests/engine/path-patterns.test.ts`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostError } from '../../src/base/errors.ts';
import { find } from '../../src/host/find.ts';
import type { Files } from '../../src/host/host.ts';
import type { PathPattern } from '../../src/host/readings.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { parseTree } from '../../src/testing/tree.ts';

const { files } = new MemoryHost(
  parseTree(String.raw`
/t/.hid/deep/id
/t/.ssh/id
/t/h/a/x
/t/h/x
/t/{foo}/in
/t/a[1]/in
/t/uXr
/t/U
/t/b\x5cs
/t/self -> .
/t/up -> ..
/home/anna/.ssh/authorized_keys
/home/anna/notes
/home/bert -> anna
/home/carl -> /srv/carl
/srv/carl/notes
/srv/carl/back -> /home
/w/1/root -> /
/w/2/root -> /
/w/3/root -> /
`),
);

function like(...patterns: readonly string[]): string[] {
  return paths(
    files,
    patterns.map((pattern) => ({ operator: 'LIKE', pattern }) as const),
  );
}

function paths(from: Files, patterns: readonly PathPattern[], directories: readonly PathPattern[] = []): string[] {
  const found = Array.from(find(from, { paths: patterns, directories }), ({ path }) => path);
  assert.equal(new Set(found).size, found.length, 'a path came twice');
  return found.sort();
}

/** Where a path without a slash at its end really lies. */
function real(path: string): string {
  const plain = path.replace(/\/$/, '');
  const slash = plain.lastIndexOf('/');
  return `${files.realPath(plain.slice(0, slash) || '/')}/${plain.slice(slash + 1)}`;
}

test('one level, hidden files too', () => {
  const names = ['.hid/', '.ssh/', 'U', 'a[1]/', 'b\\s', 'h/', 'self/', 'uXr', 'up/', '{foo}/'];
  assert.deepEqual(
    like('/t/%'),
    names.map((name) => `/t/${name}`),
  );
  assert.deepEqual(
    like('/t/%/'),
    like('/t/%').filter((path) => path.endsWith('/')),
  );
});

test('only % and _ are wildcards, and case does not matter behind the first', () => {
  assert.deepEqual(like('/t/a[1]/%'), ['/t/a[1]/in']);
  assert.deepEqual(like('/t/{foo}/%%'), ['/t/{foo}/in']);
  assert.deepEqual(like('/t/b\\s%'), ['/t/b\\s']);
  assert.deepEqual(like('/t/u_r'), ['/t/uXr']);
  assert.deepEqual(like('/t/U%'), ['/t/U', '/t/uXr', '/t/up/']);
  assert.deepEqual(like('/T/%'), []);
  assert.deepEqual(like('/%/UXR'), ['/t/uXr']);
});

test('a directory by its name, one file', () => {
  assert.deepEqual(like('/t/h/a'), ['/t/h/a']);
  assert.deepEqual(like('/t/h/a/'), ['/t/h/a/']);
  assert.deepEqual(like('/t/uXr/'), []);
  assert.deepEqual(like('/home/%/.ssh'), ['/home/anna/.ssh', '/home/bert/.ssh']);
  assert.deepEqual(like('/%/h/a'), ['/t/h/a']);
  assert.deepEqual(like('/nothing'), []);
  assert.deepEqual(like('/'), ['/']);
  assert.deepEqual(like(''), []);
});

test('%% goes down wherever it stands', () => {
  assert.deepEqual(like('/t/%%/id'), ['/t/.hid/deep/id', '/t/.ssh/id']);
  assert.deepEqual(like('/t/%%x'), ['/t/h/a/x', '/t/h/x']);
  assert.deepEqual(like('/t/h/%%'), ['/t/h/a/', '/t/h/a/x', '/t/h/x']);
});

test('directories', () => {
  const list = (pattern: string) =>
    Array.from(find(files, { paths: [], directories: [{ operator: 'LIKE', pattern }] }), (one) => [
      one.path,
      one.directory,
    ]);
  assert.deepEqual(list('/t/h'), [
    ['/t/h/a', '/t/h'],
    ['/t/h/x', '/t/h'],
  ]);
  assert.deepEqual(list('/t/{%'), [['/t/{foo}/in', '/t/{foo}/']]);
  assert.deepEqual(list('/t/{foo_'), [['/t/{foo}/in', '/t/{foo}']]);
});

test('all patterns must fit, and the widest says how far down', () => {
  assert.deepEqual(like('/t/%%', '/t/%x'), ['/t/h/a/x', '/t/h/x']);
  assert.deepEqual(like('/t/%', '/t/%x'), []);
  assert.deepEqual(like('/t/%', '/srv/%'), []);
  // GLOB beside LIKE only filters; alone it means what it says.
  const glob = { operator: 'GLOB', pattern: '/t*' } as const;
  assert.deepEqual(paths(files, [{ operator: 'LIKE', pattern: '/t/h/%' }, glob]), like('/t/h/%'));
  assert.deepEqual(paths(files, [{ operator: 'GLOB', pattern: '/t/h*' }]), ['/t/h/', '/t/h/a/', '/t/h/a/x', '/t/h/x']);
  assert.deepEqual(paths(files, [{ operator: 'LIKE', pattern: '/t/h/%%' }, glob]), like('/t/h/%%'));
  const directory = { operator: 'LIKE', pattern: '/t/h' } as const;
  assert.deepEqual(paths(files, [{ operator: 'LIKE', pattern: '/t/%' }], [directory]), ['/t/h/a/', '/t/h/x']);
});

test('links to what is walked anyway are not', () => {
  const all = like('/%%');
  assert.equal(new Set(all.map(real)).size, all.length, 'a file was found under two names');
  assert.ok(all.includes('/t/.hid/deep/id') && all.includes('/w/3/root/') && all.includes('/t/self/'));
  assert.deepEqual(
    like('/t/%%').filter((path) => /^\/t\/up\/t\/./.test(path)),
    [],
  );
});

test('links to one directory below a %% are one walk', () => {
  const below = like('/w/%/root/%%').map(real);
  assert.equal(new Set(below).size, below.length);
  assert.ok(below.includes('/t/.hid/deep/id'));
  const later = like('/home/%/.ssh/%%');
  assert.deepEqual(later, ['/home/anna/.ssh/authorized_keys']);
});

test('many %% end', () => {
  const found = like('/%%/%%/%%/%%');
  for (const path of ['/t/.hid/deep/id', '/t/h/a/x', '/home/anna/.ssh/authorized_keys'])
    assert.ok(found.includes(path), path);
  // Only a file that has too few names above it needs another name.
  const again = found.filter((path) => real(path) !== path && real(path).split('/').length > 4);
  assert.deepEqual(again, []);
});

test('one link on the way gives a name of its own', () => {
  assert.deepEqual(like('/home/%/notes'), ['/home/anna/notes', '/home/bert/notes', '/home/carl/notes']);
  // A second one leads on only where nobody was: to /home itself, which the pattern did not name so far down.
  assert.deepEqual(like('/home/%/%/notes'), []);
  assert.deepEqual(like('/home/%/back/%/notes'), ['/home/carl/back/anna/notes', '/home/carl/back/carl/notes']);
});

test('patterns that do not begin with a slash', () => {
  const at = (directory: string): Files =>
    ({
      workingDirectory: () => directory,
      scan: (path, options) => files.scan(path, options),
      stat: (path) => files.stat(path),
      linkStat: (path) => files.linkStat(path),
      realPath: (path) => files.realPath(path),
    }) as Partial<Files> as Files;
  const from = (directory: string, pattern: string) => paths(at(directory), [{ operator: 'LIKE', pattern }]);
  assert.deepEqual(from('/t', 'h/x'), ['h/x']);
  assert.deepEqual(from('/t', 'h/%'), ['h/a/', 'h/x']);
  assert.deepEqual(from('/home', '%/notes'), ['/home/anna/notes', '/home/bert/notes', '/home/carl/notes']);
  assert.deepEqual(from('/home', '%t/h/x'), ['/t/h/x']);
  assert.deepEqual(from('/t', '%/x'), ['/t/h/x']);
  assert.deepEqual(from('/t/h', '%x'), ['/t/h/x']);
  assert.deepEqual(from('/t', '_/x'), ['h/x']);
  assert.deepEqual(from('/t', '%h/%%'), ['/t/.ssh/id', '/t/h/a/', '/t/h/a/x', '/t/h/x']);
  assert.deepEqual(from('/', '%t/h/x'), ['/t/h/x']);
  assert.deepEqual(from('/home', '%%/x'), ['/t/h/a/x', '/t/h/x']);
});

test('a directory that cannot be listed: it is said, and what is named in it is found', () => {
  const closed: Files = new Proxy(files, {
    get: (target, name: keyof Files) => (name === 'scan' ? scan : target[name].bind(target)),
  });
  const scan: Files['scan'] = (path, options) => {
    if (path === '/home/anna/') throw new HostError('EACCES', path, 'list');
    return files.scan(path, options);
  };
  const errors: string[] = [];
  const found = find(
    closed,
    { paths: [{ operator: 'LIKE', pattern: '/home/%/.ssh/authorized_keys' }], directories: [] },
    { onError: (path, { code }) => errors.push(`${code} ${path}`) },
  );
  assert.deepEqual(Array.from(found, ({ path }) => path).sort(), [
    '/home/anna/.ssh/authorized_keys',
    '/home/bert/.ssh/authorized_keys',
  ]);
  assert.deepEqual(errors, ['EACCES /home/anna/']);
});

test('nothing is read but what the way leads through', () => {
  const scanned: string[] = [];
  const watched: Files = new Proxy(files, {
    get: (target, name: keyof Files) => {
      if (name !== 'scan') return target[name].bind(target);
      return (path: string, options: object) => {
        scanned.push(path);
        return files.scan(path, options);
      };
    },
  });
  const look = (pattern: string) => {
    scanned.length = 0;
    for (const _ of find(watched, { paths: [{ operator: 'LIKE', pattern }], directories: [] }));
    return scanned.sort();
  };
  assert.deepEqual(look('/home/anna/notes'), []);
  assert.deepEqual(look('/home/anna/%'), ['/home/anna/']);
  assert.deepEqual(look('/home/%/.ssh/x'), [
    '/home/',
    '/home/anna/',
    '/home/anna/.ssh/',
    '/home/bert/',
    '/home/bert/.ssh/',
    '/home/carl/',
  ]);
  assert.deepEqual(look('/t/h%'), ['/t/']);
});
