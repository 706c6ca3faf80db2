import { createInterface } from 'node:readline';
import { InputProcessor } from '../process-input.ts';
import type { ShellContext } from '../run.ts';
import { Session } from '../session.ts';
import { complete } from './completion.ts';
import { ProgressLine } from './progress-line.ts';

const HISTORY_SIZE = 1000;
const PROMPT = 'osquery> ';
const MORE_PROMPT = '    ...> ';

/** The prompt: reads lines until Ctrl-D or `.exit`; the exit code. */
export async function interact(context: ShellContext): Promise<number> {
  const runner = await context.threadRunner();
  const { options, err } = context;
  // The prompt follows what was printed.
  const out = { write: (text: string) => context.out.write(text) };
  if (options.bool('planner')) await runner.setTraced(true);
  const session = new Session({ ...context, runner, ...(process.stderr.isTTY && { progress: new ProgressLine(err) }) });
  const processor = new InputProcessor(session, false);
  const paint = painter();
  out.write(`Using a ${paint.bold('virtual database')}. Need help, type '.help'\n`);
  const terminal = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: paint.prompt(PROMPT),
    historySize: HISTORY_SIZE,
    removeHistoryDuplicates: true,
    history: context.history.load(),
    completer: (line: string, done: (error: Error | null, result: [string[], string]) => void) => {
      complete(line, processor.pending, runner).then(
        (result) => done(null, result),
        () => done(null, [[], line]),
      );
    },
  });
  terminal.on('history', (lines: string[]) => {
    // As in other shells, a line that begins with a blank is not remembered.
    if (lines[0]?.startsWith(' ')) lines.shift();
    context.history.save(lines);
  });

  const lines: string[] = [];
  let busy = false;
  return new Promise((resolve) => {
    const prompt = () => {
      context.out.flush();
      terminal.setPrompt(paint.prompt(processor.pending === '' ? PROMPT : MORE_PROMPT));
      terminal.prompt();
    };
    const leave = async () => {
      context.out.flush();
      terminal.close();
      await runner.close();
      resolve(Number(process.exitCode ?? 0));
    };
    const work = async () => {
      busy = true;
      for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
        if ((await processor.line(line)) === 'exit') return leave();
      }
      busy = false;
      prompt();
    };
    terminal.on('line', (line) => {
      lines.push(line);
      if (!busy) void work();
    });
    terminal.on('SIGINT', () => {
      if (busy) {
        lines.length = 0;
        runner.cancel();
        return;
      }
      processor.clear();
      // What was typed stays in sight, as in other shells; the next line begins empty.
      out.write('^C\n');
      Object.assign(terminal, { line: '', cursor: 0 });
      prompt();
    });
    terminal.on('close', () => {
      if (!busy) {
        out.write('\n');
        void leave();
      }
    });
    prompt();
  });
}

/** Colour where the terminal has it and nobody objects (https://no-color.org). */
function painter(): { bold(text: string): string; prompt(text: string): string } {
  const plain = !process.stdout.isTTY || Boolean(process.env.NO_COLOR) || process.env.TERM === 'dumb';
  if (plain) return { bold: (text) => text, prompt: (text) => text };
  return { bold: (text) => `\x1b[1m${text}\x1b[0m`, prompt: (text) => `\x1b[38;5;147m${text}\x1b[0m` };
}
