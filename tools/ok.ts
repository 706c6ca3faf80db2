/**
 * The gate.
 *
 *     node tools/ok.ts        everything that a change must pass
 *     node tools/ok.ts test   the tests alone, those of the whole programs too
 *     node tools/ok.ts e2e    the tests of the whole programs
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

const root = join(import.meta.dirname, '..');

const unit: Step = { name: 'tests', command: ['node', '--test', 'tests/!(e2e|contract)/**/*.test.ts'] };
const contract: Step = { name: 'contract', command: ['node', '--test', 'tests/contract/**/*.test.ts'] };
const types: Step = { name: 'types', command: ['tsc', '--noEmit', '-p', '.'] };
const e2e: Step = { name: 'e2e', command: ['node', '--test', 'tests/e2e/**/*.test.ts'] };

const runs: Record<string, readonly Step[]> = {
  ok: [
    { name: 'format, lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
    { name: 'layers', command: ['node', 'tools/layers.ts'] },
    { name: 'generated', command: ['node', 'tools/generate.ts', '--check'] },
    types,
    unit,
    contract,
  ],
  test: [types, unit, contract, e2e],
  e2e: [e2e],
};

const name = process.argv[2] ?? 'ok';
const steps = runs[name];
if (steps === undefined) throw new Error(`no such run: ${name}; there are ${Object.keys(runs).join(', ')}`);

const failed: string[] = [];
for (const step of steps) if (!(await passes(step))) failed.push(step.name);
console.log(failed.length === 0 ? `${name}: good` : `${name}: failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Runs a step; its output is shown if it fails, else only the lines that report figures. */
async function passes({ name, command: [program, ...args] }: Step): Promise<boolean> {
  const start = performance.now();
  const { code, output } = await run(program!, args);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'good' : 'FAIL'}  ${name}, ${seconds} s${figures(output)}`);
  if (code !== 0) console.log(complaints(output));
  return code === 0;
}

function run(program: string, args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const PATH = `${join(root, 'node_modules/.bin')}:${process.env.PATH}`;
    // NODE_TEST_CONTEXT is set inside `node --test` and would make the inner runs silent.
    const env = { ...process.env, PATH, NODE_TEST_CONTEXT: undefined };
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** What is wrong: of a run of tests only those that failed, without the frames of Node itself. */
function complaints(output: string): string {
  const failing = output.indexOf('✖ failing tests:');
  return output.slice(Math.max(failing, 0)).replace(/^ +at .*node:.*\n/gm, '');
}

/** Counts of tests, and what the contract says of the reference. */
function figures(output: string): string {
  const lines = output.matchAll(/^ℹ ((?:pass|fail|skipped) [1-9]\d*|(?:tables|flags): .*)$/gm);
  const found = [...lines].map(([, figure]) => figure);
  return found.length === 0 ? '' : `: ${found.join(', ')}`;
}
