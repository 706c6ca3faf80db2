/** What conditions on a path ask of the tables of files, through SQL. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functions } from '../../src/engine/functions/index.ts';
import { text } from '../../src/schema/columns.ts';
import { table } from '../../src/schema/table.ts';
import { extendedAttributes } from '../../src/tables/files/extended_attributes.ts';
import { file } from '../../src/tables/files/file.ts';
import { hash } from '../../src/tables/files/hash.ts';
import { fakeAgent } from '../../src/testing/fake-agent.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { parseTree } from '../../src/testing/tree.ts';
import { engineWith } from './support.ts';

const host = new MemoryHost(
  parseTree(`
/etc/passwd
| root
/etc/PASSWD
/etc/passwd\\x20
/etc/apt/sources.list
/etc/ssh/sshd_config
/etc/sshd/config
/a/f
/a/link -> /etc
/a/100%/x
/a/100\\x20of/x
/5
`),
);

const names = table({
  name: 'names',
  description: 'Patterns, one of them NULL',
  platforms: ['linux'],
  columns: { name: text('name') },
  examples: [],
  *generate({ row }) {
    yield row({ name: '/a/f' });
  },
});

const { engine, warnings } = engineWith([file, hash, extendedAttributes, names], {
  host,
  agent: fakeAgent(),
  functions: functions(),
});

function paths(where: string, from = 'file'): unknown[] {
  warnings.length = 0;
  const { rows } = engine.query(`select path from ${from} where ${where}`);
  return rows.map(([path]) => path).sort();
}

test('a pattern that is no text is one of none, or what it is written as', () => {
  for (const from of ['file', 'hash', 'extended_attributes']) {
    assert.deepEqual(paths('path like null', from), []);
    assert.deepEqual(paths('directory like null', from), []);
    assert.deepEqual(paths('path glob null', from), []);
    assert.deepEqual(paths('path like 7', from), []);
    assert.deepEqual(paths("path like ''", from), []);
  }
  // A relative path; the working directory of this machine is /.
  assert.deepEqual(paths('path like 5'), ['5']);
  assert.deepEqual(paths("path like x'2f612f66'"), ['/a/f']);
  const { rows } = engine.query(
    "select n.name, f.path from names n left join file f on f.path like nullif(n.name, '/a/f') || '%'",
  );
  assert.deepEqual(rows, [['/a/f', null]]);
});

test('other collations', () => {
  assert.deepEqual(paths("path = '/etc/passwd' collate nocase"), ['/etc/passwd']);
  assert.deepEqual(paths("path collate nocase = '/a/F'"), []);
  assert.deepEqual(paths("directory = '/etc/apt' collate nocase"), ['/etc/apt/sources.list']);
  assert.deepEqual(paths("path = '/etc/passwd' collate rtrim"), ['/etc/passwd', '/etc/passwd ']);
  assert.deepEqual(paths("path = '/etc/passwd  ' collate rtrim", 'hash'), ['/etc/passwd', '/etc/passwd ']);
});

test('an error names what does not say where to look', () => {
  for (const from of ['file', 'hash', 'extended_attributes']) {
    assert.throws(() => paths("path match 'x'", from), /MATCH does not say where to look: constrain path or directory/);
    assert.throws(() => paths("path regexp 'x'", from), /REGEXP does not say where to look/);
    assert.throws(() => paths("path = '/etc' collate version", from), /The condition does not say where to look/);
  }
});

test('ESCAPE', () => {
  assert.deepEqual(paths(String.raw`path like '/a/100\%/%' escape '\'`), ['/a/100%/x']);
  assert.deepEqual(paths(String.raw`path like '/etc/sshd\_%' escape '\'`), []);
  assert.deepEqual(paths(String.raw`path like '/etc/%/sshd\_config' escape '\'`), ['/etc/ssh/sshd_config']);
  assert.deepEqual(paths(String.raw`directory like '/a/100\%' escape '\'`), ['/a/100%/x']);
  // Beside a LIKE it only filters, and the bounds that SQLite makes of that one are not taken for another's.
  assert.deepEqual(paths(String.raw`path like '/a/%' and path like '/a/l\i%' escape '\'`), ['/a/link']);
  assert.deepEqual(paths("path like '/etc/p%'"), ['/etc/PASSWD', '/etc/passwd', '/etc/passwd ']);
});

test('a slash at the end is of a directory', () => {
  for (const from of ['file', 'hash', 'extended_attributes']) {
    assert.deepEqual(paths("path = '/etc/passwd/'", from), []);
    assert.deepEqual(paths("path = '/nothing/'", from), []);
  }
  const { rows } = engine.query(
    "select path, symlink, symlink_target_path, type, directory, filename from file where path in ('/a/link/', '/a/link', '/a//')",
  );
  assert.deepEqual(rows.sort(), [
    ['/a//', 0, '', 'directory', '/', 'a'],
    ['/a/link', 1, '/etc', 'directory', '/a', 'link'],
    ['/a/link/', 0, '', 'directory', '/a', 'link'],
  ]);
});

test('the directory of a path is what dirname says', () => {
  const of = (path: string) =>
    ['file', 'hash'].map((from) => engine.query(`select directory from ${from} where path = '${path}'`).rows);
  assert.deepEqual(of('/a//f'), [[['/a']], [['/a']]]);
  assert.deepEqual(of('//etc///passwd'), [[['//etc']], [['//etc']]]);
  assert.deepEqual(of('/5'), [[['/']], [['/']]]);
  assert.deepEqual(of('//5'), [[['/']], [['/']]]);
});

test('relative paths', () => {
  assert.deepEqual(paths("path = 'etc/passwd'"), ['etc/passwd']);
  assert.deepEqual(paths("path in ('etc/passwd', 'a/f')", 'hash'), ['a/f', 'etc/passwd']);
  assert.deepEqual(paths("directory = 'etc/apt'"), ['etc/apt/sources.list']);
  assert.deepEqual(paths("path like 'etc/%'"), [
    'etc/PASSWD',
    'etc/apt/',
    'etc/passwd',
    'etc/passwd ',
    'etc/ssh/',
    'etc/sshd/',
  ]);
  assert.deepEqual(paths("path like '%/f'"), ['/a/f']);
  assert.match(warnings[0]!.message, /begins with % is looked for in the working directory and in \//);
  assert.deepEqual(paths("path like '%%/sources.list'"), ['/etc/apt/sources.list']);
  assert.deepEqual(warnings, []);
});

test('two patterns', () => {
  assert.deepEqual(paths("path like '/etc/%%' and path like '/etc/%.list'"), ['/etc/apt/sources.list']);
  assert.deepEqual(paths("path like '/etc/apt/%' and path glob '/e*'", 'hash'), ['/etc/apt/sources.list']);
  assert.deepEqual(paths("path glob '/etc/*list'"), ['/etc/apt/sources.list']);
  assert.deepEqual(paths("path like '/a/%' and path regexp 'f$'"), ['/a/f']);
});
