import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const MODULE = new URL('../../../src/host/linux/end-at-once.ts', import.meta.url).href;

/** Runs a program that begins with `endAtOnce()`; one that has not ended after 20 seconds is killed. */
function run(program: string, flags: readonly string[] = []) {
  const text = `import { endAtOnce } from ${JSON.stringify(MODULE)};\nendAtOnce();\n${program}`;
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, '--input-type=module', '-e', text],
    {
      encoding: 'utf8',
      timeout: 20_000,
      killSignal: 'SIGKILL',
    },
  );
  return { status, signal, stdout, stderr };
}

test('what waits in a thread of its own, for ever, does not hold up the end', () => {
  const folder = mkdtempSync(join(tmpdir(), 'end-'));
  try {
    spawnSync('mkfifo', [join(folder, 'nobody-writes')]);
    const ended = run(`
      import { open } from 'node:fs';
      open(${JSON.stringify(join(folder, 'nobody-writes'))}, 'r', () => {});
      setTimeout(() => process.exit(7), 50);`);
    assert.deepEqual(ended, { status: 7, signal: null, stdout: '', stderr: '' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('an exit code that was only set, and what other listeners do', () => {
  const ended = run(`
    import { writeSync } from 'node:fs';
    process.prependListener('exit', () => writeSync(1, 'before'));
    process.exitCode = 3;`);
  assert.deepEqual(ended, { status: 3, signal: null, stdout: 'before', stderr: '' });
});

test('a failure is told', () => {
  for (const failure of ["throw new Error('broken')", "await Promise.reject(new Error('broken'))"]) {
    const { status, stderr } = run(failure);
    assert.equal(status, 1);
    assert.match(stderr, /Error: broken\n {4}at /);
  }
});

test('a profile is written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'end-'));
  try {
    assert.equal(run('process.exit(0)', ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-name=it']).status, 0);
    assert.equal(spawnSync('ls', [folder], { encoding: 'utf8' }).stdout, 'it\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
