/** Patterns of paths beside what find(1) lists, SQLite's own LIKE and GLOB, and the rule of levels written a second time. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { decodeText, encodeText } from '../../src/base/text.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { functions } from '../../src/engine/functions/index.ts';
import { LinuxHost } from '../../src/host/linux/linux-host.ts';
import { integer, text } from '../../src/schema/columns.ts';
import { table } from '../../src/schema/table.ts';
import { file } from '../../src/tables/files/file.ts';
import { engineWith, random } from './support.ts';

const SEED = Number(process.env['SEED'] ?? 20261130);
const QUERIES = 700;

/** Bytes as Latin-1, so that a name can be anything. */
const NAMES = [
  ...['a', 'A', 'ab', 'aXb', 'a_b', 'a%b', 'axb.conf', 'AXB.CONF', '.a', '.hid', '.A_', '..b', 'id', 'ID', '.ssh'],
  ...[
    '{foo}',
    'foo',
    '{a,b}',
    'a[1]',
    'a1',
    '[',
    ']',
    '[!a]',
    'b\\s',
    '\\',
    '*',
    '?',
    'x*y',
    "quote'",
    ' ',
    'a ',
    '%',
    '_',
    '%%',
  ],
  ...[
    'line\nbreak',
    '\n',
    '\x01',
    '-rf',
    '~',
    'caf\xe9',
    'caf\xc3\xa9',
    'caf\xc3\x89',
    '\xc2\xa9',
    '\xa9',
    '\xef\xbf\xbd',
    '\xff',
  ],
  ...['\xf0\x9f\x98\x80', '\xe9\x80', '\xc3', 'conf', 'Conf'],
];

const bytes = (...parts: (Buffer | string)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));

interface Listed {
  readonly path: string;
  readonly isDirectory: boolean;
}

/** What find(1) lists below a directory, the directory itself left out, links not followed. */
function listed(root: string): Listed[] {
  const out = execFileSync('find', [root, '-mindepth', '1', '-printf', '%y %p\\0'], { maxBuffer: 2 ** 28 });
  const found: Listed[] = [];
  for (let at = 0; at < out.length; ) {
    const end = out.indexOf(0, at);
    found.push({ path: decodeText(out, at + 2, end), isDirectory: out[at] === 0x64 });
    at = end + 1;
  }
  return found;
}

const parent = (path: string) => path.slice(0, path.lastIndexOf('/'));
const plain = (path: string) => path.replace(/\/+$/, '');
const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`;

interface Condition {
  readonly column: 'path' | 'directory';
  readonly operator: 'LIKE' | 'GLOB' | 'ESCAPE' | 'NOCASE';
  readonly pattern: string;
}

function sqlOf({ column, operator, pattern }: Condition): string {
  if (operator === 'ESCAPE') return `${column} LIKE ${quoted(pattern)} ESCAPE '!'`;
  if (operator === 'NOCASE') return `${column} = ${quoted(pattern)} COLLATE NOCASE`;
  return `${column} ${operator} ${quoted(pattern)}`;
}

/** As SQLite reads bytes that are not UTF-8, of the lengths that are here: a first byte takes all that can follow one. */
function characters(value: string): string {
  const byte = (unit: string) => unit.charCodeAt(0) - 0xdc00;
  return value
    .replace(/[\udcc0-\udcff][\udc80-\udcbf]*/gu, ([first, ...rest]) => {
      const lead = byte(first!);
      const bits = lead < 0xe0 ? lead & 0x1f : lead < 0xf0 ? lead & 0x0f : 0;
      const code = rest.reduce((sum, unit) => (sum << 6) | (byte(unit) & 0x3f), bits);
      return String.fromCodePoint(code < 0x80 ? 0xfffd : code);
    })
    .replace(/[\udc80-\udcbf]/gu, (unit) => String.fromCharCode(byte(unit)));
}

/** What SQL does not say of a condition: how its way to the first wildcard is written, and the levels it reaches. */
function reachOf({ operator, pattern }: Condition): Record<'written' | 'levels', (path: string) => boolean> {
  const always = () => true;
  if (operator === 'NOCASE') return { written: (path) => path === pattern, levels: always };
  if (operator === 'ESCAPE') return { written: always, levels: always };
  const literal = (operator === 'LIKE' ? /^[^%_]*/ : /^[^*?[]*/).exec(pattern)![0];
  if (literal === pattern) return { written: (path) => path === pattern, levels: always };
  const way = literal.slice(0, literal.lastIndexOf('/') + 1);
  const written = (path: string) => path.startsWith(way);
  if (operator === 'GLOB' || !/(?<!%)%(?!%)/.test(pattern)) return { written, levels: always };
  const source = characters(pattern).replace(/%%+|./gsu, (token) => {
    if (token.startsWith('%')) return token === '%' ? '[^/]*' : '.*';
    return token === '_' ? '[^/]' : `\\u{${token.codePointAt(0)!.toString(16)}}`;
  });
  // Without regard to case it may fit more than LIKE, which SQLite says.
  const levels = new RegExp(`^${source}$`, 'isu');
  return { written, levels: (path) => levels.test(characters(path)) };
}

describe('a tree of odd names', () => {
  let root = '';
  let all: Listed[] = [];
  let engine: Engine;
  const next = random(SEED);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;

  before(() => {
    root = mkdtempSync(`${realpathSync(tmpdir())}/osquery-patterns-`);
    const directories = [Buffer.from(root)];
    for (let i = 0; i < 260; i++) {
      const at = bytes(pick(directories), '/', pick(NAMES));
      try {
        if (next() < 0.45 && at.length < root.length + 60) {
          mkdirSync(at);
          directories.push(at);
        } else writeFileSync(at, '', { flag: 'wx' });
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
      }
    }
    all = listed(root);
    const found = table({
      name: 'found',
      description: 'What find lists',
      platforms: ['linux'],
      columns: {
        path: text('path'),
        directory: text('directory'),
        plain: text('without a slash'),
        n: integer('number'),
      },
      examples: [],
      *generate({ row }) {
        for (const [n, { path, isDirectory }] of all.entries()) {
          const directory = parent(path);
          for (const slash of ['', '/']) {
            yield row({ path, directory: directory + slash, plain: path, n });
            if (isDirectory) yield row({ path: `${path}/`, directory: directory + slash, plain: path, n });
          }
        }
      },
    });
    ({ engine } = engineWith([file, found], { host: new LinuxHost(), functions: functions() }));
  });
  after(() => rmSync(root, { recursive: true }));

  /** A pattern that may fit something: a path with parts exchanged for wildcards. */
  function condition(column: 'path' | 'directory'): Condition {
    const { path } = pick(all);
    const operator = pick(['LIKE', 'LIKE', 'LIKE', 'LIKE', 'GLOB', 'ESCAPE', 'NOCASE'] as const);
    const [any, one] = operator === 'GLOB' ? ['*', '?'] : ['%', '_'];
    const names = (column === 'path' ? path : parent(path)).slice(root.length).split('/').slice(1);
    const changed = names.map((name) => {
      const units = [...name];
      const at = Math.floor(next() * (units.length + 1));
      const some = units.slice(0, at).join('');
      const kinds = [
        () => name,
        () => name,
        () => any,
        () => any + any,
        () => some + any,
        () => any + units.slice(at).join(''),
        () => some + any + any,
        () => some + one + units.slice(at + 1).join(''),
        () => name.toUpperCase(),
        () => `${some}${any}${one}`,
        () => `${any}${any}${units.slice(at).join('')}`,
        () => (operator === 'GLOB' ? `${some}[^/]*` : `${one}${any}`),
        () => (operator === 'GLOB' ? `[]a-z[]${units.slice(1).join('')}` : any),
      ];
      return operator === 'NOCASE' ? pick([name, name.toUpperCase()]) : pick(kinds)!();
    });
    const kept = changed.slice(0, next() < 0.2 ? 1 : undefined);
    const tail = pick(['', '', '', '', '/', `/${any}`, any + any, `/${any}${any}`]);
    let pattern = `${root}${kept.length > 0 ? '/' : ''}${kept.join('/')}${operator === 'NOCASE' ? '' : tail}`;
    // Of ESCAPE only the beginning is known; a directory is found without a slash.
    if (operator === 'ESCAPE') pattern = plain(pattern);
    if (operator === 'ESCAPE')
      pattern = pattern.replace(/[%_!]/g, (one) => (one === '!' ? '!!' : pick([one, `!${one}`])));
    return { column, operator, pattern };
  }

  /** SQL keeps it, and one condition reaches it; a directory by its name, with a slash where the pattern has one. */
  function expected(conditions: readonly Condition[], asWritten: boolean): string[] {
    const { rows } = engine.query(
      `select path, directory, plain from found where ${conditions.map(sqlOf).join(' and ')}`,
    );
    const reach = conditions.map((one) => ({ ...one, ...reachOf(one) }));
    // What stands beside a LIKE only filters.
    const leaders = reach.filter(({ operator }) => operator === 'LIKE');
    const [slash, directorySlash] = [ends(conditions, 'path').has(true), ends(conditions, 'directory').has(true)];
    const fits = rows.filter((row) => {
      const [path, directory] = row as string[];
      if (path!.endsWith('/') !== slash || directory!.endsWith('/') !== directorySlash) return false;
      const of = (column: string) => (column === 'path' ? path! : directory!);
      if (asWritten && !reach.every(({ column, written }) => written(of(column)))) return false;
      return (leaders.length > 0 ? leaders : reach).some(({ column, levels }) => levels(of(column)));
    });
    return fits.map(([, , name]) => name as string);
  }

  const ends = (conditions: readonly Condition[], wanted: string) =>
    new Set(conditions.filter(({ column }) => column === wanted).map(({ pattern }) => pattern.endsWith('/')));

  test(`${QUERIES} conditions`, () => {
    let some = 0;
    for (let i = 0; i < QUERIES; i++) {
      const conditions = [condition(next() < 0.8 ? 'path' : 'directory')];
      if (next() < 0.3) conditions.push(condition(next() < 0.7 ? 'path' : 'directory'));
      // No text ends in both ways.
      if (ends(conditions, 'path').size > 1 || ends(conditions, 'directory').size > 1) continue;
      const where = conditions.map(sqlOf).join(' and ');
      const ours = engine.query(`select path from file where ${where}`).rows.map(([path]) => plain(path as string));
      const what = `seed ${SEED}, ${i}: ${JSON.stringify(where)}`;
      assert.equal(new Set(ours).size, ours.length, `a file twice, ${what}`);
      const least = expected(conditions, true);
      if (conditions.length === 1) assert.deepEqual(ours.sort(), least.sort(), what);
      else {
        // Which of two ways is followed is not said.
        const most = new Set(expected(conditions, false));
        assert.deepEqual(
          least.filter((path) => !ours.includes(path)),
          [],
          what,
        );
        assert.deepEqual(
          ours.filter((path) => !most.has(path)),
          [],
          what,
        );
      }
      if (ours.length > 0) some += 1;
    }
    assert.ok(some > QUERIES / 4, `only ${some} conditions found anything`);
  });

  test('names come back as they are', () => {
    const { rows } = engine.query(`select path from file where path like ${quoted(`${root}/%%`)}`);
    const ours = rows.map(([path]) => encodeText(plain(path as string)).toString('latin1'));
    assert.deepEqual(ours.sort(), all.map(({ path }) => encodeText(path).toString('latin1')).sort());
  });
});
