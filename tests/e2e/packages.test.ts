/** Packages held against dpkg-query. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

test('what a dpkg that broke off left in its journal', { skip }, () => {
  const admindir = mkdtempSync(join(tmpdir(), 'osquery-dpkg-'));
  const write = (name: string, ...paragraphs: string[]) => writeFileSync(join(admindir, name), paragraphs.join('\n'));
  const paragraph = (name: string, status: string, version: string, architecture: string, more = '') =>
    `${name}\nStatus: install ok ${status}\nVersion: ${version}\nArchitecture: ${architecture}\nMaintainer: x <y@z>\n${more}Description: d\n`;
  try {
    mkdirSync(join(admindir, 'updates'));
    write(
      'status',
      paragraph('Package: foo', 'installed', '1', 'all'),
      paragraph('package: lower', 'installed', '1', 'all').replace('Version', 'VERSION '),
      paragraph('Package: lib', 'installed', '1', 'amd64', 'Multi-Arch: same\n'),
      paragraph('Package: crossed', 'installed', '1', 'amd64'),
    );
    write('updates/0000', paragraph('Package: foo', 'unpacked', '2', 'all'));
    write('updates/0001', paragraph('Package: foo', 'half-configured', '2', 'all'));
    write('updates/0002', paragraph('Package: lib', 'installed', '2', 'i386', 'Multi-Arch: same\n'));
    write('updates/0003', paragraph('Package: crossed', 'installed', '2', 'all'));
    write('updates/0004', paragraph('Package: new', 'half-installed', '5', 'all'));
    write('updates/tmp.i', paragraph('Package: not-yet', 'installed', '5', 'all'));
    const format = ['Package', 'Version', 'Architecture', 'Status'].map((field) => `\${${field}}`).join(' ');
    const theirs = run('dpkg-query', `--admindir=${admindir}`, '-W', `-f=${format}\n`).trim().split('\n').sort();
    const rows = ask(`select name, version, arch, status from deb_packages where admindir = '${admindir}'`);
    assert.deepEqual(
      rows.map(({ name, version, arch, status }) => `${name} ${version} ${arch} ${status}`).sort(),
      theirs,
    );
    assert.equal(theirs.length, 6);
  } finally {
    rmSync(admindir, { recursive: true });
  }
});
