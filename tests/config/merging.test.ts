import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { queryNames, readPieces } from './read-pieces.ts';

const QUERY = { query: 'select 1' };

test('of two queries with one name the later is kept, and it is said', () => {
  const { configuration, problems } = readPieces([
    { schedule: { a: QUERY, b: QUERY }, packs: { p: { queries: { a: QUERY } } } },
    { schedule: { b: { query: 'select 2' } }, packs: { p: { queries: { a: QUERY, c: QUERY } } } },
  ]);
  assert.deepEqual(queryNames(configuration), ['main/a', 'main/b', 'p/a', 'p/c']);
  const b = configuration.packs.flatMap(({ queries }) => queries).find(({ name }) => name === 'b');
  assert.equal(b!.query, 'select 2');
  assert.deepEqual(problems, [
    '0.conf: schedule.b: replaced by that of 1.conf',
    '0.conf: packs.p.queries.a: replaced by that of 1.conf',
  ]);
});

test('one that is for other machines replaces nothing', () => {
  const { configuration, problems } = readPieces([
    { schedule: { a: QUERY } },
    { schedule: { a: { ...QUERY, platform: 'windows' } } },
  ]);
  assert.deepEqual(queryNames(configuration), ['main/a']);
  assert.deepEqual(problems, []);
});

test('packs under the name * are an object, or the files of a pattern', () => {
  const { configuration, problems } = readPieces(
    [{ packs: { '*': { one: { queries: { a: QUERY } }, two: 'x.conf' } } }],
    {
      'x.conf': JSON.stringify({ queries: { b: QUERY } }),
    },
  );
  assert.deepEqual(queryNames(configuration), ['one/a', 'two/b']);
  assert.deepEqual(problems, []);
});

test('a pack brings its files, rules and decorators, if it is for this machine', () => {
  const files = (path: string) => ({ file_paths: { logs: [path] }, file_accesses: ['logs'] });
  const { configuration, problems } = readPieces([
    {
      file_paths: { logs: ['/var/log/%%'] },
      packs: {
        here: { ...files('/srv/log/%%'), decorators: { load: ['select 1 as one'] }, views: { v: 'select 1' } },
        elsewhere: { platform: 'windows', ...files('/windows') },
        typo: { file_pahts: {}, queries: {} },
        wrong: { yara: [] },
      },
    },
  ]);
  assert.deepEqual(configuration.files.paths.get('logs'), ['/var/log/%%', '/srv/log/%%']);
  assert.deepEqual(configuration.files.accesses, ['logs']);
  assert.deepEqual([...configuration.views], [['v', 'select 1']]);
  assert.deepEqual(
    configuration.decorators.map(({ source, value }) => [source, value.load]),
    [['0.conf', ['select 1 as one']]],
  );
  assert.deepEqual(problems, [
    '0.conf: packs.typo.file_pahts: unknown, and ignored; did you mean file_paths?',
    '0.conf: packs.wrong.yara: not an object',
  ]);
});

test('hash and fingerprint', () => {
  const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');
  const pieces = [{ packs: { p: 'p.conf' } }, { schedule: {} }];
  const pack = (name: string) => ({ 'p.conf': JSON.stringify({ queries: { [name]: QUERY } }) });
  const one = readPieces(pieces, pack('a')).configuration;
  const other = readPieces(pieces, pack('b')).configuration;
  // osquery: SHA-1 of the digests in hexadecimal, one after the other, in the order of the sources.
  assert.equal(one.hash, sha1(pieces.map((piece) => sha1(JSON.stringify(piece))).join('')));
  assert.equal(other.hash, one.hash);
  assert.notEqual(other.fingerprint, one.fingerprint);
  assert.equal(readPieces(pieces, pack('a')).configuration.fingerprint, one.fingerprint);
});
