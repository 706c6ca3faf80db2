/** Processes whose arguments, environment and mappings are larger than any honest one's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processEnvs } from '../../src/tables/processes/process_envs.ts';
import { processMemoryMap } from '../../src/tables/processes/process_memory_map.ts';
import { processOpenFiles } from '../../src/tables/processes/process_open_files.ts';
import { processes } from '../../src/tables/processes/processes.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { type RunResult, runTable } from '../../src/testing/run-table.ts';
import { parseTree } from '../../src/testing/tree.ts';

const MALLORY = 1001;

function processOf(pid: number, uid: number, files: string): string {
  return `/proc/${pid}/stat
| ${pid} (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 0 4096 1
/proc/${pid}/status
| Name:	x
| Uid:	${uid}	${uid}	${uid}	${uid}
| Gid:	${uid}	${uid}	${uid}	${uid}
${files.replaceAll('PID', String(pid))}`;
}

/** Sixty processes of mallory with the files, one of root between them and one of ada behind, with `honest` ones. */
function machine(files: string, honest: string): MemoryHost {
  let tree = '';
  for (let pid = 100; pid < 160; pid++) tree += processOf(pid, pid === 130 ? 0 : MALLORY, pid === 130 ? honest : files);
  return new MemoryHost(parseTree(tree + processOf(900, 1000, honest)));
}

function lengths({ rows }: RunResult, column: string): Map<unknown, number> {
  return new Map(rows.map((row) => [row['pid'], String(row[column]).length]));
}

test('arguments are cut for a process, then for a user; others have theirs', () => {
  const host = machine('/proc/PID/cmdline\n200000> x\n', '/proc/PID/cmdline\n100000> y\n');
  const result = runTable(processes, host, { uses: ['pid', 'cmdline'] });
  const found = lengths(result, 'cmdline');
  assert.equal(found.size, 61);
  assert.deepEqual([found.get(100), found.get(130), found.get(159), found.get(900)], [131_072, 100_000, 1024, 100_000]);
  const total = [...found.values()].reduce((sum, length) => sum + length, 0);
  assert.equal(total, 4 * 1024 * 1024 + 59 * 1024 + 2 * 100_000);
  assert.equal(result.warnings.length, 2);
  assert.equal(result.warnings[0], 'truncated: cmdline has more than 131072 bytes: process 100 and 31 more');
  assert.match(
    result.warnings[1]!,
    /^truncated: user 1001 has more than 4194304 characters of cmdline: \d+ of process 133 and 26 more left out$/,
  );
});

test('whoever asks for one process again and again has its arguments a hundred times, then their beginning', () => {
  const host = machine('/proc/PID/cmdline\n200000> x\n', '/proc/PID/cmdline\n100000> y\n');
  const ask = (pid: number) => {
    const { rows, warnings } = runTable(processes, host, { uses: ['pid', 'cmdline'], where: { pid } });
    return { length: String(rows[0]!['cmdline']).length, warnings };
  };
  let total = 0;
  for (let i = 0; i < 1000; i++) total += ask(100).length;
  // What comes back in the meantime is little.
  assert.ok(total >= 12 * 1024 * 1024 && total < 24 * 1024 * 1024, String(total));
  assert.match(
    ask(100).warnings.at(-1)!,
    /^truncated: user 1001 has more than 4194304 characters of cmdline: \d+ of process 100 left out$/,
  );
  assert.equal(ask(900).length, 100_000, 'another user has a share of their own');
  for (let i = 0; i < 200; i++) assert.equal(ask(130).length, 100_000, 'root has no bound');
});

test('environments have the same bounds, and one of variables', () => {
  const long = runTable(processEnvs, machine('/proc/PID/environ\n\\ A=\n200000> x\n', '/proc/PID/environ\n> A=b\n'));
  assert.equal(long.rows.length, 61);
  assert.equal(long.rows.find(({ pid }) => pid === 900)?.['value'], 'b');
  assert.equal(String(long.rows[0]?.['value']).length, 131_070);
  const many = runTable(processEnvs, machine('/proc/PID/environ\n2000\\ a\\0\n', '/proc/PID/environ\n500\\ b\\0\n'));
  const perProcess = new Map<unknown, number>();
  for (const { pid } of many.rows) perProcess.set(pid, (perProcess.get(pid) ?? 0) + 1);
  assert.deepEqual(
    [perProcess.get(100), perProcess.get(130), perProcess.get(159), perProcess.get(900)],
    [2000, 500, 128, 500],
  );
  assert.equal(many.rows.length, 50_000 + 59 * 128 + 2 * 500);
  assert.match(
    many.warnings[0]!,
    /^truncated: user 1001 has more than 50000 variables: \d+ of process 126 and \d+ more left out$/,
  );
});

test('mappings and open files are shared out in the same way', () => {
  const mapping = '| 00400000-00401000 r-xp 00000000 fd:00 1 /x\n';
  const files = [...Array(100).keys()].map((fd) => `/proc/PID/fd/${fd} -> /x\n`).join('');
  const host = machine(`/proc/PID/maps\n5000${mapping}${files}`, `/proc/PID/maps\n${mapping}/proc/PID/fd/3 -> /x\n`);
  const maps = runTable(processMemoryMap, host);
  assert.equal(maps.rows.length, 200_000 + 59 * 256 + 2);
  assert.match(maps.warnings[0]!, /^truncated: user 1001 has more than 200000 mappings: \d+ of process/);
  assert.equal(runTable(processOpenFiles, host).rows.length, 59 * 100 + 2);
});

test('whoever asks for the mappings of one process after the other has no more of a user', () => {
  const mapping = '| 00400000-00401000 r-xp 00000000 fd:00 1 /x\n';
  const host = machine(`/proc/PID/maps\n20000${mapping}`, `/proc/PID/maps\n${mapping}`);
  let rows = 0;
  for (let pid = 100; pid < 130; pid++) rows += runTable(processMemoryMap, host, { where: { pid } }).rows.length;
  // What comes back in the meantime is little.
  assert.ok(rows >= 200_000 && rows < 400_000, String(rows));
  assert.equal(runTable(processMemoryMap, host, { where: { pid: 900 } }).rows.length, 1);
});

test('a file of mappings with long paths is read as far as it is wanted', () => {
  const path = 'x'.repeat(4000);
  const maps = `/proc/PID/maps\n9000| 00400000-00401000 r-xp 00000000 fd:00 1 /${path}\n`;
  const host = new MemoryHost(parseTree(processOf(100, MALLORY, maps)));
  const { rows, warnings } = runTable(processMemoryMap, host, { where: { pid: 100 } });
  assert.ok(rows.length > 2000 && rows.length < 2100);
  assert.deepEqual(warnings, ['truncated: maps has more than 8388608 bytes: process 100']);
});

test('paths of processes are shared out, by their length in JSON', () => {
  const deep = `/${'\x01'.repeat(4000)}`;
  let tree = processOf(900, 1000, '/proc/PID/cwd -> /home\n');
  for (let pid = 100; pid < 300; pid++) tree += processOf(pid, MALLORY, `/proc/PID/cwd -> ${deep}\n`);
  const { rows, warnings } = runTable(processes, new MemoryHost(parseTree(tree)), { uses: ['pid', 'cwd'] });
  const kept = rows.filter(({ cwd }) => cwd === deep).length;
  assert.equal(rows.length, 201);
  assert.ok(kept > 80 && kept < 95, String(kept));
  assert.equal(rows.find(({ pid }) => pid === 900)?.['cwd'], '/home');
  assert.match(warnings[0]!, /^truncated: user 1001 has more than 2097152 characters of paths: /);
});

test('arguments count as long as they are in JSON', () => {
  const host = machine('/proc/PID/cmdline\n100000> \x01\n', '/proc/PID/cmdline\n100000> y\n');
  const { rows } = runTable(processes, host, { uses: ['pid', 'cmdline'] });
  const own = rows.filter(({ pid }) => pid !== 130 && pid !== 900).map(({ cmdline }) => cmdline);
  assert.ok(JSON.stringify(own).length < 4.4 * 1024 * 1024);
  assert.equal(String(rows.at(-1)?.['cmdline']).length, 100_000);
});
