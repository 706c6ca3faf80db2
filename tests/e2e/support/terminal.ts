import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

/** Longest wait for something that the program is to print: far more than it takes on a loaded machine. */
const LIMIT_MS = 30_000;

export const CTRL_C = '\x03';
export const CTRL_D = '\x04';
export const TAB = '\t';
export const UP = '\x1b[A';
/** The beginning of the line. */
export const HOME = '\x1b[H';

/** Why there is no terminal here, false if there is one: a reason to skip. */
export const noTerminal: false | string =
  !spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') &&
  'needs script(1) of util-linux';

/**
 * A program in a pseudo-terminal of 100 columns, made by `script(1)`, which is part of every Debian. What the program
 * prints is kept; a test types and waits for what must come.
 */
export class Terminal {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;
  #output = '';
  #seen = 0;
  #changed: () => void = () => {};

  constructor(command: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    const line = `stty cols 100 rows 30; exec ${command.map(quote).join(' ')}`;
    this.#child = spawn('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
      env: { ...env, TERM: 'xterm', SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#changed();
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code) => resolve(code ?? -1));
    });
  }

  type(text: string): void {
    this.#child.stdin!.write(text);
  }

  /** What was printed since the last call, up to and with the first match; colours and the like taken away. */
  async until(pattern: RegExp): Promise<string> {
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      const text = withoutControls(this.#output).slice(this.#seen);
      const match = pattern.exec(text);
      if (match !== null) {
        this.#seen += match.index + match[0].length;
        return text.slice(0, match.index + match[0].length);
      }
      const left = deadline - Date.now();
      assert.ok(left > 0, `${pattern} did not come; what came:\n${text}`);
      await this.#change(left);
    }
  }

  /** The exit code, and what was printed since the last `until`. */
  async end(): Promise<{ code: number; text: string }> {
    const code = await this.#ended;
    return { code, text: withoutControls(this.#output).slice(this.#seen) };
  }

  /** Everything as it came, control sequences too. */
  get raw(): string {
    return this.#output;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #change(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#changed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** ECMA-48 control sequences, and carriage returns. */
function withoutControls(text: string): string {
  return text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r', '');
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
