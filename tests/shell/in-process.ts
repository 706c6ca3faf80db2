import { UserError } from '../../src/base/errors.ts';
import { parseCommandLine } from '../../src/config/command-line.ts';
import { openEngine, warningText } from '../../src/main/open-engine.ts';
import { LocalRunner } from '../../src/shell/local-runner.ts';
import { runShell } from '../../src/shell/run.ts';

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Runs osqueryi's shell in this process, on this machine, as the program would with these arguments and this input. */
export async function runInProcess(args: readonly string[], stdin = ''): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const write = (text: string) => {
    stderr += text;
  };
  try {
    const { values, operands } = parseCommandLine(args, {
      readFile: () => {
        throw new Error('no file');
      },
    });
    for (const name of [
      'disable_events',
      'disable_logging',
      'disable_watchdog',
      'disable_database',
      'disable_extensions',
      'disable_caching',
    ]) {
      values.set(values.declaration(name)!, 'true');
    }
    const code = await runShell({
      options: values,
      operands,
      out: {
        write: (text) => {
          stdout += text;
        },
        flush: () => undefined,
      },
      err: { write },
      version: 'test',
      flagfile: '',
      stdinIsTerminal: () => false,
      outIsTerminal: () => false,
      stdinLines: () => stdin.replace(/\r?\n$/, '').split(/\r?\n/),
      readFile: () => {
        throw new Error('no file');
      },
      history: { load: () => [], save: () => undefined },
      localRunner: () => new LocalRunner(openEngine(values, { warn: (warning) => write(warningText(warning)) })),
      threadRunner: () => Promise.reject(new Error('no thread')),
      pack: () => {
        throw new UserError('no packs');
      },
      cpuSeconds: () => ({ user: 0, system: 0 }),
    });
    return { stdout, stderr, code };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return { stdout, stderr: `${stderr}ERROR: ${cause.message}\n`, code: 1 };
  }
}
