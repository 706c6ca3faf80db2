/** Packages held against dpkg-query. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, needs, run } from './support/ask.ts';

const skip = needs('dpkg-query');

test('every package and its fields', { skip }, () => {
  const columns = ['name', 'version', 'arch', 'section', 'priority', 'maintainer', 'size', 'status'];
  const fields = [
    'Package',
    'Version',
    'Architecture',
    'Section',
    'Priority',
    'Maintainer',
    'Installed-Size',
    'Status',
  ];
  const format = `${fields.map((field) => `\${${field}}`).join('\\t')}\\n`;
  const theirs = run('dpkg-query', '-W', `-f=${format}`).trimEnd().split('\n').sort();
  const rows = ask(`select ${columns.join()} from deb_packages`);
  const ours = rows.map((row) => columns.map((column) => row[column]).join('\t')).sort();
  assert.deepEqual(ours, theirs);
  assert.ok(ours.length > 50);
});

test('revision and source', { skip }, () => {
  const [row] = ask("select revision, source from deb_packages where name = 'libc6'");
  if (row === undefined) return;
  const [version, source] = run('dpkg-query', '-W', `-f=\${Version} \${source:Package}\\n`, 'libc6')
    .trim()
    .split('\n')[0]!
    .split(' ');
  assert.equal(row['revision'], version!.slice(version!.lastIndexOf('-') + 1));
  assert.equal(row['source'], source);
});

test('files of a package, and the package of a file', { skip }, () => {
  const theirs = run('dpkg-query', '-L', 'base-files').trim().split('\n').sort();
  assert.deepEqual(
    ask("select path from deb_package_files where package = 'base-files'")
      .map(({ path }) => path!)
      .sort(),
    theirs,
  );
  assert.deepEqual(ask("select package from deb_package_files where path = '/etc/debian_version'"), [
    { package: 'base-files' },
  ]);
});

test('nobody sees the same packages', { skip: skip || (process.getuid?.() === 0 ? false : 'needs root') }, () => {
  const count = 'select count(*) n from deb_packages';
  assert.deepEqual(ask(count, { nobody: true }), ask(count));
});
