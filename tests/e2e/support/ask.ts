import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, '../../../bin/osqueryi.js');
const NOBODY = 65534;

export interface AskOptions {
  /** Runs as nobody, without groups. */
  readonly nobody?: boolean;
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface Asked {
  readonly status: number | null;
  readonly stderr: string;
  /** Every value as text, as `--json` has it. */
  readonly rows: Record<string, string>[];
}

/** Runs `osqueryi --json` as its users do. Fails on a stack trace, and on anything but rows on standard output. */
export function askWhole(sql: string, { nobody = false, flags = [], env = process.env }: AskOptions = {}): Asked {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [PROGRAM, '--json', ...flags, sql], {
    encoding: 'utf8',
    cwd: '/',
    env,
    maxBuffer: 2 ** 30,
    ...(nobody && { uid: NOBODY, gid: NOBODY }),
  });
  if (error) throw error;
  assert.doesNotMatch(stderr, /^\s+at .+:\d+/m, 'a stack trace');
  return { status, stderr, rows: stdout === '' ? [] : JSON.parse(stdout) };
}

/** The rows of a query that must succeed. */
export function ask(sql: string, options?: AskOptions): Record<string, string>[] {
  const { status, stderr, rows } = askWhole(sql, options);
  assert.equal(status, 0, stderr);
  return rows;
}

/** Standard output of another program that must succeed. */
export function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
  if (error) throw error;
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Why a test cannot run on this machine; false if it can. */
export function needs(...commands: readonly string[]): string | false {
  const missing = commands.find((command) => spawnSync('sh', ['-c', `command -v ${command}`]).status !== 0);
  return missing === undefined ? false : `needs the program ${missing}`;
}

export const asRoot: string | false = process.getuid?.() === 0 ? false : 'needs root';
