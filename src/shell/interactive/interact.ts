import { createInterface, type Interface } from 'node:readline';
import { InputProcessor } from '../process-input.ts';
import type { ShellContext } from '../run.ts';
import { Session } from '../session.ts';
import { complete } from './completion.ts';
import { Screen } from './screen.ts';

const HISTORY_SIZE = 1000;
const PROMPT = 'osquery> ';
const MORE_PROMPT = '    ...> ';

/** The prompt: reads lines until Ctrl-D or `.exit`; the exit code. */
export async function interact(context: ShellContext): Promise<number> {
  const screen = new Screen(context.out, context.err, { out: context.outIsTerminal(), err: process.stderr.isTTY });
  const { out, err, progress } = screen;
  const runner = await context.threadRunner((text) => err.write(text));
  if (context.options.bool('planner')) await runner.setTraced(true);
  const session = new Session({ ...context, runner, out, err, ...(progress && { progress }) });
  const processor = new InputProcessor(session, false);
  const paint = painter();
  process.stdout.write(`Using a ${paint.bold('virtual database')}. Need help, type '.help'\n`);

  /** Lines that were typed while a query runs. */
  const lines: string[] = [];
  let busy = false;
  let ended = false;
  const terminal = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: paint.prompt(PROMPT),
    historySize: HISTORY_SIZE,
    removeHistoryDuplicates: true,
    history: context.history.load(),
    completer: (line: string, done: (error: Error | null, result: [string[], string]) => void) => {
      // The thread that knows the tables is at work, and no key is read until there is an answer: not even Ctrl-C.
      if (busy) return done(null, [[], line]);
      complete(line, processor.pending, runner).then(
        (result) => done(null, result),
        () => done(null, [[], line]),
      );
    },
  });
  terminal.on('history', (history: string[]) => {
    // As in other shells, a line that begins with a blank is not remembered.
    if (history[0]?.startsWith(' ')) history.shift();
    context.history.save(history);
  });

  return new Promise((resolve, reject) => {
    const prompt = () => {
      screen.finishLine();
      terminal.setPrompt(paint.prompt(processor.pending === '' ? PROMPT : MORE_PROMPT));
      // What was typed ahead goes on where it ended.
      terminal.prompt(true);
    };
    const interrupt = () => {
      if (busy) {
        lines.length = 0;
        runner.cancel();
        progress?.hide();
        dropLine(terminal);
        return;
      }
      processor.clear();
      if (terminal.terminal) terminal.write(null, { ctrl: true, name: 'e' });
      dropLine(terminal);
      prompt();
    };
    const leave = async () => {
      ended = true;
      screen.finishLine();
      terminal.close();
      process.off('SIGINT', interrupt);
      await runner.close();
      resolve(Number(process.exitCode ?? 0));
    };
    const work = async () => {
      busy = true;
      for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
        if ((await processor.line(line)) === 'exit') return leave();
      }
      busy = false;
      if (ended) return leave();
      prompt();
    };
    terminal.on('line', (line) => {
      lines.push(line);
      if (!busy) work().catch(reject);
    });
    terminal.on('SIGINT', interrupt);
    // Where the terminal does not give its keys to this program: output that is a pipe, `kill -INT`.
    process.on('SIGINT', interrupt);
    terminal.on('close', () => {
      if (ended) return;
      ended = true;
      if (busy) return;
      process.stdout.write('\n');
      leave().catch(reject);
    });
    // Nobody reads any more: the other end of a pipe is gone.
    process.stdout.on('error', () => {
      runner.cancel();
      terminal.close();
    });
    prompt();
  });
}

/** What was typed stays in sight, as in other shells; the next line begins empty. */
function dropLine(terminal: Interface): void {
  process.stdout.write('^C\n');
  // `prevRows`: the rows that the line took are not to be drawn over.
  Object.assign(terminal, { line: '', cursor: 0, prevRows: 0 });
}

/** Colour where the terminal has it and nobody objects (https://no-color.org). */
function painter(): { bold(text: string): string; prompt(text: string): string } {
  const plain = !process.stdout.isTTY || Boolean(process.env.NO_COLOR) || process.env.TERM === 'dumb';
  if (plain) return { bold: (text) => text, prompt: (text) => text };
  return { bold: (text) => `\x1b[1m${text}\x1b[0m`, prompt: (text) => `\x1b[38;5;147m${text}\x1b[0m` };
}
