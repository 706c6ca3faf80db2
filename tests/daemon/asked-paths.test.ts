import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withAskedPaths } from '../../src/daemon/asked-paths.ts';
import type { RowText } from '../../src/results/row.ts';

const rules = (queries: Record<string, string[]>) => ({
  paths: new Map([
    ['homes', ['/root/%']],
    ['etc', ['/etc/%%']],
  ]),
  queries: new Map(Object.entries(queries)),
  excluded: new Map(),
  accesses: [],
});

async function asked(queries: Record<string, string[]>, answers: Record<string, unknown[] | Error>) {
  const warned: string[] = [];
  const ask = async (sql: string) => {
    const answer = answers[sql]!;
    if (answer instanceof Error) throw answer;
    return answer.map((row) => JSON.stringify(row) as RowText);
  };
  const { paths } = await withAskedPaths(rules(queries), ask, (message) => warned.push(message));
  return { paths: Object.fromEntries(paths), warned };
}

test('what queries find is watched beside what is written, each once', async () => {
  const { paths, warned } = await asked(
    { homes: ['a', 'b'], new: ['a'] },
    {
      a: [{ path: '/home/ada/%' }, { path: '/root/%' }],
      b: [{ path: '/home/bob/%', uid: 1 }, { path: '/home/ada/%' }],
    },
  );
  assert.deepEqual(paths, {
    homes: ['/root/%', '/home/ada/%', '/home/bob/%'],
    etc: ['/etc/%%'],
    new: ['/home/ada/%', '/root/%'],
  });
  assert.deepEqual(warned, []);
});

test('a query that fails, and rows that have no path, are said and cost nobody else', async () => {
  const { paths, warned } = await asked(
    { homes: ['bad', 'odd', 'good'] },
    {
      bad: new Error('no such table: nowhere'),
      odd: [{ a: 1 }, { path: '' }, { path: 'etc' }, { path: `/${'x'.repeat(4096)}` }],
      good: [{ path: '/x' }],
    },
  );
  assert.deepEqual(paths['homes'], ['/root/%', '/x']);
  assert.deepEqual(warned, [
    'file_paths_query.homes: no such table: nowhere (bad)',
    'file_paths_query.homes: 4 rows without a path that begins with / and is no longer than 4096 (odd)',
  ]);
});

test('more paths than there is room for are left out, and said', async () => {
  const many = Array.from({ length: 10_001 }, (_, i) => ({ path: `/many/${i}` }));
  const { paths, warned } = await asked({ homes: ['many'] }, { many });
  assert.equal(paths['homes']!.length, 10_000);
  assert.deepEqual(warned, ['file_paths_query.homes: 2 paths beyond 10000 are left out (many)']);
});
