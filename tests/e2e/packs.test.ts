/** The shell over a configuration in files: `--pack`, `osquery_packs`, `osquery_schedule`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { ask, askWhole } from './support/ask.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/osqueryi.js');

describe('packs of a configuration', () => {
  let folder = '';
  const flags = () => ['--config_path', join(folder, 'osquery.conf')];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'osquery-packs-'));
    mkdirSync(join(folder, 'packs'));
    const pack = {
      queries: { b: { query: 'select 2 as b;', interval: 10 }, a: { query: 'select 1 as a', interval: 20 } },
    };
    writeFileSync(join(folder, 'packs/web.conf'), `# of the web team\n${JSON.stringify(pack)}`);
    using notes = new DatabaseSync(join(folder, 'notes.db'));
    notes.exec("CREATE TABLE note (text); INSERT INTO note VALUES ('remember')");
    const config = {
      views: { twice: 'select text, text as again from notes' },
      auto_table_construction: {
        notes: { query: 'select text from note', path: join(folder, '%.db'), columns: ['text'] },
      },
      schedule: { time: { query: 'select * from time', interval: 60 } },
      packs: {
        web: join(folder, 'packs/web.conf'),
        broken: { queries: { c: { query: 'select nope', interval: 1 }, d: { query: 'select 4', interval: 1 } } },
        windows: { platform: 'windows', queries: { e: { query: 'select 5', interval: 1 } } },
      },
    };
    writeFileSync(join(folder, 'osquery.conf'), JSON.stringify(config));
  });
  after(() => rmSync(folder, { recursive: true }));

  const run = (...args: string[]) =>
    spawnSync(process.execPath, [PROGRAM, ...flags(), '--csv', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  test('--pack runs its queries', () => {
    const { status, stdout, stderr } = run('--pack', 'web');
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: 'a\n1\nb\n2\n', stderr: '' });
  });

  test('relative paths mean where the program was started', () => {
    writeFileSync(join(folder, 'relative.conf'), '{"packs": {"r": "packs/web.conf", "*": "packs/%.conf"}}');
    const args = [PROGRAM, '--csv', '--config_path', 'relative.conf', 'select count(*) as n from osquery_schedule'];
    const { stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    assert.deepEqual({ stdout, stderr }, { stdout: 'n\n4\n', stderr: '' });
  });

  test('--pack ends with a query that fails', () => {
    const { status, stdout, stderr } = run('--pack', 'broken');
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /no such column: nope[\s\S]*Could not execute query c: select nope/);
  });

  test('--pack of a name that is not there', () => {
    const { status, stderr } = run('--pack', 'wbe');
    assert.equal(status, 1);
    assert.match(stderr, /the configuration has no pack wbe\n {2}did you mean web\?/);
  });

  test('the tables show them', () => {
    assert.deepEqual(
      ask('select name, interval i from osquery_schedule order by name', { flags: flags() }),
      [
        { i: '20', name: 'pack_web_a' },
        { i: '10', name: 'pack_web_b' },
        { i: '1', name: 'pack_broken_c' },
        { i: '1', name: 'pack_broken_d' },
        { i: '60', name: 'time' },
      ].sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
    assert.deepEqual(
      ask('select name, platform from osquery_packs order by name', { flags: flags() }).map(({ name }) => name),
      ['broken', 'main', 'web', 'windows'],
    );
  });

  test('a configuration that is named and is not there is a warning, one that is broken says where', () => {
    const { rows, stderr } = askWhole('select * from osquery_packs', {
      flags: ['--config_path', join(folder, 'gone.conf')],
    });
    assert.deepEqual(rows, []);
    assert.match(stderr, /gone\.conf: cannot be read: ENOENT/);
    writeFileSync(join(folder, 'bad.conf'), '{\n"schedule": {"a": hunter2}\n}');
    const bad = askWhole('select * from osquery_schedule', { flags: ['--config_path', join(folder, 'bad.conf')] });
    assert.match(bad.stderr, /bad\.conf:2: not JSON/);
    assert.doesNotMatch(bad.stderr, /hunter2/);
  });

  test('views and tables of SQLite files', () => {
    assert.deepEqual(ask('select * from twice', { flags: flags() }), [{ text: 'remember', again: 'remember' }]);
    assert.deepEqual(ask('select path from notes', { flags: flags() }), [{ path: join(folder, 'notes.db') }]);
  });
});
