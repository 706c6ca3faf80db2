import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInProcess } from '../shell/in-process.ts';

/** A command that osquery 5.23 ran: what went in, what came out. */
interface Recorded {
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly stdout: string;
  readonly exit: number;
}

/** A line that ours answers differently, on purpose. */
interface Difference {
  readonly args: readonly string[];
  readonly stdin?: string;
  /** The decision record that says why. */
  readonly adr: string;
  /** What ours prints; without it only the form can be compared, because it depends on the machine. */
  readonly stdout?: string;
  readonly exit?: number;
  /** A regular expression for what depends on the machine. */
  readonly form?: string;
}

const reference = readFileSync(join(import.meta.dirname, 'reference/shell-behaviour.jsonl'), 'utf8');
const recorded = reference
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded);
const differences = JSON.parse(
  readFileSync(join(import.meta.dirname, 'shell-differences.json'), 'utf8'),
) as Difference[];

const key = ({ args, stdin = '' }: { args: readonly string[]; stdin?: string }) => JSON.stringify([args, stdin]);
const different = new Map(differences.map((difference) => [key(difference), difference]));

for (const line of recorded) {
  const title = `osqueryi ${line.args.join(' ')}${line.stdin === undefined ? '' : ` <<< ${JSON.stringify(line.stdin)}`}`;
  test(title, async () => {
    const { stdout, code } = await runInProcess(line.args, line.stdin ?? '');
    const difference = different.get(key(line));
    if (difference?.form !== undefined) assert.match(stdout, new RegExp(difference.form));
    else assert.equal(stdout, difference?.stdout ?? line.stdout);
    assert.equal(code, difference?.exit ?? line.exit);
  });
}

test('every difference is one, is of a recorded line, and has its decision record', () => {
  const known = new Map(recorded.map((line) => [key(line), line]));
  for (const difference of differences) {
    const line = known.get(key(difference));
    assert.ok(line, `not recorded: ${key(difference)}`);
    assert.ok(
      difference.form !== undefined || difference.stdout !== line.stdout || difference.exit !== line.exit,
      `no difference: ${key(difference)}`,
    );
    const record = readFileSync(join(import.meta.dirname, '../../docs/adr', difference.adr), 'utf8');
    assert.match(record, /## Decision/);
  }
  assert.equal(recorded.length, 243);
});
