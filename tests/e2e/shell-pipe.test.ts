/** The shell as other programs drive it: through pipes. */
import assert from 'node:assert/strict';
import { type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const PROGRAM = join(import.meta.dirname, '../../bin/osqueryi.js');
const FLAGS = ['--list', '--header=false'];

function run(input: string | Buffer) {
  return spawnSync(process.execPath, [PROGRAM, ...FLAGS], { input });
}

test('the answer to a question comes before the next question', async () => {
  const shell = spawn(process.execPath, [PROGRAM, ...FLAGS], { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  for (let i = 1; i <= 3; i++) {
    shell.stdin.write(`select ${i};\n`);
    await once(shell.stdout, 'data');
    assert.equal(output, '1\n2\n3\n'.slice(0, 2 * i));
  }
  shell.stdin.end('select 4');
  const [code] = await once(shell, 'close');
  assert.deepEqual([code, output], [0, '1\n2\n3\n4\n']);
});

test('lines that come in pieces, end as on Windows, or do not end', () => {
  // Longer than one read, with a character of three bytes on every boundary.
  const long = '€'.repeat(100_000);
  const { stdout } = run(`select 1;\r\n\r\nselect length('${long}'),\r\n2;\nselect '${long.slice(0, 9)}'`);
  assert.equal(stdout.toString(), `1\n100000|2\n${long.slice(0, 9)}\n`);
});

test('bytes that are no UTF-8 stay what they are', () => {
  const { stdout } = run(Buffer.from("select '\xff', hex('\xff');\n", 'latin1'));
  assert.equal(stdout.toString('latin1'), '\xff|FF\n');
  const folder = mkdtempSync(join(tmpdir(), 'osquery-pipe-'));
  try {
    const path = join(folder, 'query.sql');
    writeFileSync(path, Buffer.from("select hex('\xff')", 'latin1'));
    const file = spawnSync(process.execPath, [PROGRAM, ...FLAGS, '--query_file', path]);
    assert.equal(file.stdout.toString(), 'FF\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what cannot be a question is an error, not memory without end', () => {
  const line = run(Buffer.alloc(17 * 1024 * 1024, 'a'));
  assert.deepEqual([line.status, line.stdout.toString()], [1, '']);
  assert.match(line.stderr.toString(), /^ERROR: standard input: a line of more than 16777216 bytes\n$/);
  const statement = run(`${`select 1,${' '.repeat(1_000_000)}\n`.repeat(17)};\nselect 7;\n`);
  assert.match(statement.stderr.toString(), /^Error: near line 1: a statement of more than 16777216 characters\n/);
  assert.equal(statement.status, 1);
});

test('a directory is no input', () => {
  const directory = openSync('/', 'r');
  try {
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM], { stdio: [directory, 'pipe', 'pipe'] });
    assert.deepEqual([status, stderr.toString()], [1, 'ERROR: standard input: EISDIR\n']);
  } finally {
    closeSync(directory);
  }
});

test('output that cannot be written is an error; messages that cannot be are not', () => {
  const full = openSync('/dev/full', 'w');
  try {
    const ask = (sql: string, stdio: StdioOptions) => spawnSync(process.execPath, [PROGRAM, ...FLAGS, sql], { stdio });
    for (const sql of ['select 1', 'with recursive c(n) as (select 1 union all select n + 1 from c) select n from c']) {
      const { status, stderr } = ask(sql, ['ignore', full, 'pipe']);
      assert.equal(status, 1);
      assert.match(stderr.toString(), /^ERROR: standard output cannot be written: ENOSPC\n$/i);
    }
    const { status, stdout } = ask("select 1; select community_id_v1('x', 'x', 1, 1, 1)", ['ignore', 'pipe', full]);
    assert.deepEqual([status, stdout.toString()], [0, '1\n\n']);
  } finally {
    closeSync(full);
  }
});
