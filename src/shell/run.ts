import type { Output } from './printers/printer.ts';
import { processLines } from './process-input.ts';
import type { SqlRunner } from './runner.ts';
import { Session, type SessionContext } from './session.ts';

/** What the shell needs from the program that starts it. */
export interface ShellContext extends Omit<SessionContext, 'runner' | 'progress' | 'out'> {
  readonly out: BufferedOutput;
  readonly operands: readonly string[];
  /** SQL in this thread. */
  localRunner(): SqlRunner;
  /** SQL in a thread of its own, for a prompt. */
  threadRunner(warn: (text: string) => void): Promise<SqlRunner>;
  stdinIsTerminal(): boolean;
  /** Whether results are shown on a terminal. */
  outIsTerminal(): boolean;
  /** The lines of standard input, read as they are pulled; `beforeRead` is called before each wait for more. */
  stdinLines(beforeRead: () => void): Iterable<string>;
  readFile(path: string): string;
  /** The queries of a pack of the configuration. Throws where there is none of that name. */
  pack(name: string): readonly { readonly name: string; readonly query: string }[];
  /** Where the prompt keeps what was typed. */
  readonly history: HistoryFile;
}

/** Text is gathered until `flush`. */
export interface BufferedOutput extends Output {
  flush(): void;
}

export interface HistoryFile {
  load(): string[];
  save(lines: readonly string[]): void;
}

/** Runs the shell as its flags say; the exit code. */
export async function runShell(context: ShellContext): Promise<number> {
  const { options } = context;
  if (oneShot(context) || !context.stdinIsTerminal()) {
    const runner = context.localRunner();
    if (options.bool('planner')) await runner.setTraced(true);
    const session = new Session({ ...context, runner, out: await outputOf(context) });
    return runOnce(session, context);
  }
  const { interact } = await import('./interactive/interact.ts');
  return interact(context);
}

async function outputOf({ out, outIsTerminal }: ShellContext): Promise<Output> {
  if (!outIsTerminal()) return out;
  const { visibleOutput } = await import('./terminal-text.ts');
  return visibleOutput(out);
}

function oneShot({ options, operands }: ShellContext): boolean {
  const named = ['A', 'pack', 'query', 'query_file'].some((name) => options.string(name) !== '');
  return named || options.bool('L') || operands.length > 0;
}

async function runOnce(session: Session, context: ShellContext): Promise<number> {
  const { options, operands, err } = context;
  if (options.number('profile') !== 0) return profile(session, context);
  if (options.bool('L')) return command(session, '.tables');
  if (options.string('A') !== '') return command(session, `.all ${options.string('A')}`);
  if (options.string('pack') !== '') return runPack(session, context, options.string('pack'));
  if (options.string('query') !== '') return session.run(options.string('query'));
  if (options.string('query_file') !== '') {
    const path = options.string('query_file');
    let sql: string;
    try {
      sql = context.readFile(path);
    } catch (cause) {
      err.write(`Error reading query file '${path}': ${(cause as Error).message}\n`);
      return 1;
    }
    return session.run(sql);
  }
  const [sql] = operands;
  if (sql === undefined) return processLines(session, linesOf(context));
  return sql.startsWith('.') ? command(session, sql) : session.run(sql);
}

/** What was asked is answered before the next line is waited for. */
function linesOf({ stdinLines, out }: ShellContext): Iterable<string> {
  return stdinLines(() => out.flush());
}

async function command(session: Session, line: string): Promise<number> {
  // Most runs are one query: they do without.
  const { runCommand } = await import('./commands/index.ts');
  const result = await runCommand(session, line);
  return result === 'exit' ? Number(process.exitCode ?? 0) : result;
}

async function runPack(session: Session, context: ShellContext, name: string): Promise<number> {
  let queries: ReturnType<ShellContext['pack']>;
  try {
    queries = context.pack(name);
  } catch (cause) {
    context.err.write(`Error: ${(cause as Error).message}\n`);
    return 1;
  }
  for (const { name: query, query: sql } of queries) {
    const code = await session.run(sql);
    if (code !== 0) {
      context.err.write(`Could not execute query ${query}: ${sql}\n`);
      return code;
    }
  }
  return 0;
}

/** Runs the SQL several times and prints the time of each run and of all. */
async function profile(session: Session, context: ShellContext): Promise<number> {
  const { options, operands } = context;
  const sql = operands[0] ?? (options.string('query') || [...linesOf(context)].join('\n'));
  if (sql.trim() === '') {
    context.err.write('No query provided via stdin or args to profile...\n');
    return 2;
  }
  const times = Math.max(1, options.number('profile'));
  const silent = { columns() {}, row() {} };
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = process.hrtime.bigint();
    try {
      await session.context.runner.run(sql, silent);
    } catch (cause) {
      context.err.write(`Failed to run query: ${(cause as Error).message}\n`);
      return 1;
    }
    taken.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  const total = taken.reduce((a, b) => a + b, 0);
  const rows = taken.map((ms, i) => [String(i + 1), ms.toFixed(3)]);
  session.print(['run', 'ms'], [...rows, ['mean', (total / times).toFixed(3)]]);
  return 0;
}
