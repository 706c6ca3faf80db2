import { isBlank, isComplete } from './input.ts';
import type { Session } from './session.ts';

/** Characters of a statement that may come in any number of lines. */
const MAX_STATEMENT = 16 * 1024 * 1024;

/** What came of a line. */
export type LineResult = 'done' | 'more' | 'failed' | 'exit';

/** Takes lines one by one: a dot-command at once, SQL when a semicolon ends it. */
export class InputProcessor {
  readonly #session: Session;
  /** Whether errors name the line, as they do for input that nobody typed. */
  readonly #numbered: boolean;
  #sql = '';
  #line = 0;
  #startLine = 0;

  constructor(session: Session, numbered: boolean) {
    this.#session = session;
    this.#numbered = numbered;
  }

  /** SQL that waits for its semicolon. */
  get pending(): string {
    return this.#sql;
  }

  /** Forgets it. */
  clear(): void {
    this.#sql = '';
  }

  async line(line: string): Promise<LineResult> {
    this.#line += 1;
    if (this.#sql === '') {
      if (isBlank(line)) return 'done';
      if (line.startsWith('.')) {
        if (this.#session.settings.echo) this.#session.out.write(`${line}\n`);
        const { runCommand } = await import('./commands/index.ts');
        const result = await runCommand(this.#session, line);
        if (result === 'exit') return 'exit';
        return result === 0 ? 'done' : 'failed';
      }
      this.#startLine = this.#line;
    }
    this.#sql = this.#sql === '' ? line : `${this.#sql}\n${line}`;
    if (this.#sql.length > MAX_STATEMENT) {
      this.#sql = '';
      return this.#fail(`a statement of more than ${MAX_STATEMENT} characters`);
    }
    if (!line.includes(';') || !isComplete(this.#sql)) return 'more';
    const sql = this.#sql;
    this.#sql = '';
    return (await this.#session.run(sql, this.#prefix)) === 0 ? 'done' : 'failed';
  }

  get #prefix(): string {
    return this.#numbered ? `Error: near line ${this.#startLine}:` : 'Error:';
  }

  #fail(message: string): LineResult {
    this.#session.context.err.write(`${this.#prefix} ${message}\n`);
    return 'failed';
  }

  /** The input has ended: SQL without a semicolon is run, too. */
  async end(): Promise<LineResult> {
    const sql = this.#sql;
    this.#sql = '';
    if (isBlank(sql)) return 'done';
    return (await this.#session.run(sql)) === 0 ? 'done' : 'failed';
  }
}

/** Runs the lines of a pipe; the exit code, 1 when anything failed. */
export async function processLines(session: Session, lines: Iterable<string>): Promise<number> {
  const processor = new InputProcessor(session, true);
  let failed = false;
  for (const line of lines) {
    const result = await processor.line(line);
    if (result === 'exit') return failed ? 1 : 0;
    if (result === 'failed') {
      failed = true;
      if (session.settings.bail) return 1;
    }
  }
  return (await processor.end()) === 'failed' || failed ? 1 : 0;
}
