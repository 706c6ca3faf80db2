import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInProcess } from './in-process.ts';

for (const [sql, stderr] of [
  ['select * from proceses', 'Error: no such table: proceses\n  did you mean processes?\n'],
  ['select * from main.usres', 'Error: no such table: main.usres\n  did you mean users?\n'],
  ['select nmae from processes', 'Error: no such column: nmae\n  did you mean name?\n'],
  ['select u.usrname from users u', 'Error: no such column: u.usrname\n  did you mean username?\n'],
  ['select * from nothing_like_any_of_them', 'Error: no such table: nothing_like_any_of_them\n'],
  ['selec 1', 'Error: near "selec": syntax error\n'],
] as const) {
  test(sql, async () => {
    assert.deepEqual(await runInProcess([sql]), { stdout: '', stderr, code: 1 });
    assert.deepEqual(await runInProcess([`.explain ${sql}`]), { stdout: '', stderr, code: 1 });
    assert.deepEqual(await runInProcess([`.types ${sql}`]), { stdout: '', stderr, code: 1 });
  });
}

test('a dot-command that is not known', async () => {
  const { stderr, code } = await runInProcess(['.talbes']);
  assert.match(stderr, /unknown command.*\n {2}did you mean \.tables\?\n$/);
  assert.equal(code, 1);
});

test('a mode that is not known', async () => {
  const { stderr } = await runInProcess(['.mode nice']);
  assert.equal(stderr, 'Error: mode should be one of: column csv line list pretty json json_pretty\n');
});
