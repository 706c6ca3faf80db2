import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complete } from '../../src/shell/interactive/completion.ts';
import type { SqlRunner } from '../../src/shell/runner.ts';

const TABLES: Readonly<Record<string, readonly string[]>> = {
  process_open_files: ['pid', 'fd', 'path'],
  processes: ['pid', 'name', 'parent', 'path'],
  users: ['uid', 'username'],
};

/** Knows three tables and two functions. */
const runner: SqlRunner = {
  run: async (_sql, sink) => {
    sink.columns(['name']);
    for (const name of ['split', 'sum', '->>']) sink.row([name]);
  },
  describe: async () => [],
  trace: async () => [],
  setTraced: async () => {},
  tables: async () => Object.keys(TABLES),
  ddl: async () => undefined,
  columnsOf: async (table) => TABLES[table] ?? [],
  namedTables: async () => [],
  cancel: () => {},
  close: async () => {},
};

for (const [line, candidates, word] of [
  ['select * from pro', ['process_open_files', 'processes'], 'pro'],
  ['select * from users JOIN PROCESSES', ['processes'], 'PROCESSES'],
  ['select 1 from ', ['process_open_files', 'processes', 'users'], ''],
  ['select name from processes where pa', ['parent', 'partition', 'path'], 'pa'],
  ['select from users where ', ['uid', 'username'], ''],
  ['select s', ['select', 'split', 'sum'], 's'],
  ['SELECT DIS', ['DISTINCT'], 'DIS'],
  ['select uid from users u, processes p where p.pa', ['p.parent', 'p.path'], 'p.pa'],
  ['select uid from processes, users as u where u.', ['u.uid', 'u.username'], 'u.'],
  ['select users.user', ['users.username'], 'users.user'],
  ['.sch', ['.schema'], '.sch'],
  ['.schema us', ['users'], 'us'],
  ['.mode js', ['json', 'json_pretty'], 'js'],
  ['.timer ', ['on', 'off'], ''],
  ['.header o', ['on', 'off'], 'o'],
  ['.print pro', ['process_open_files', 'processes'], 'pro'],
  ['nothing_like_it', [], 'nothing_like_it'],
  ['', [], ''],
] as const) {
  test(`${line}⇥`, async () => {
    assert.deepEqual(await complete(line, '', runner), [candidates, word]);
  });
}

test('the lines before belong to the statement', async () => {
  assert.deepEqual(await complete('where user', 'select * from users', runner), [['username', 'users'], 'user']);
  assert.deepEqual(await complete('.mo', 'select 1', runner), [[], '.mo']);
});
