import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { tables } from '../../../../src/tables/index.ts';
import type { Answered, Asked } from './rows.ts';

const isRoot = process.getuid!() === 0;
/** Somebody else's, where that can be. */
const other = spawn('/bin/sleep', ['1000'], { stdio: 'ignore', env: { A: 'b' }, ...(isRoot && { uid: 1, gid: 1 }) });
await once(other, 'spawn');
after(() => other.kill());

/** What is different from one moment to the next, also without a sandbox. */
const MOVING = new Set(
  'cpu_time load_average memory_info mounts osquery_info system_controls system_info time uptime'.split(' '),
);
/** What is asked of those that are not asked for everything. */
const QUERIES: Readonly<Record<string, string>> = {
  file: "SELECT path, size, mode, uid, gid, mtime FROM file WHERE path LIKE '/etc/%%' OR path LIKE '/proc/1/%'",
  hash: "SELECT * FROM hash WHERE path LIKE '/etc/%'",
  extended_attributes: "SELECT * FROM extended_attributes WHERE path LIKE '/usr/bin/%'",
  suid_bin: 'SELECT path, username, permissions FROM suid_bin',
};
const OF_USERS = new Set(['authorized_keys', 'known_hosts', 'shell_history', 'user_ssh_keys']);
/** Columns that all of these have; what others do changes the rest. */
const OF_PROCESSES = /^process(?:es$|_)/;

function queryOf(name: string): string {
  if (OF_USERS.has(name)) return `SELECT * FROM ${name} WHERE uid IN (SELECT uid FROM users)`;
  // Pipes and sockets of others come and go, files of this one do not.
  if (OF_PROCESSES.test(name)) return `SELECT * FROM ${name} WHERE pid = ${other.pid}`;
  return QUERIES[name] ?? `SELECT * FROM ${name}`;
}

test('every table has the rows that it has without a sandbox', async (t) => {
  const asked = tables
    .map(({ name }) => name)
    .filter((name) => !name.endsWith('_events') && !MOVING.has(name) && name !== 'listening_ports');
  const queries = new Map(asked.map((name) => [name, queryOf(name)]));
  const free = await answersOf({ sandboxed: false, queries });
  const held = await answersOf({ sandboxed: true, queries });
  if (held.sandbox!.holds.length < 2) return t.skip(`nothing holds: ${held.sandbox!.missing.join(', ')}`);
  // What others change meanwhile cannot be compared.
  const still = await answersOf({ sandboxed: false, queries });
  const compared = [...free.answers].filter(([name, rows]) => still.answers.get(name) === rows);
  for (const [name, rows] of compared) assert.equal(held.answers.get(name), rows, name);
  assert.ok(compared.length > asked.length / 2, `${compared.length} of ${asked.length}`);
});

async function answersOf(workerData: Asked): Promise<Answered> {
  const worker = new Worker(new URL('./rows.ts', import.meta.url), { workerData, trackUnmanagedFds: false });
  const [[answered]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  return answered as Answered;
}
