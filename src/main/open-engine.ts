import type { OptionValues } from '../config/option-values.ts';
import { Engine, type EngineOptions, type TableSource, type Warning } from '../engine/engine.ts';
import { functions } from '../engine/functions/index.ts';
import { LinuxHost } from '../host/linux/linux-host.ts';
import { sqliteModule } from '../host/linux/sqlite-module.ts';
import type { Agent } from '../schema/agent.ts';
import { tables } from '../tables/index.ts';
import { ShellAgent } from './agent.ts';

const MILLISECONDS = 1000;

export interface EngineParts extends Pick<EngineOptions, 'warn' | 'cancel'> {
  /** Of the shell unless it is given. */
  readonly agent?: Agent;
  /** Tables of the configuration. */
  readonly tables?: readonly TableSource[];
}

/** An engine over the machine this program runs on, with every table that the options leave. */
export function openEngine(options: OptionValues, { warn, cancel, agent, tables: more = [] }: EngineParts): Engine {
  const host = new LinuxHost(options.string('root') || '/');
  const engine = new Engine({
    module: sqliteModule(),
    host,
    agent:
      agent ??
      new ShellAgent(options, host, (problem) => warn?.({ table: '', message: problem, cause: undefined, count: 1 })),
    tables: [...chosenTables(options), ...more],
    functions: (context) => functions({ ...context, regexMaxSize: options.number('regex_max_size') }),
    ...(warn && { warn }),
    ...(cancel && { cancel }),
  });
  const seconds = options.number('query_timeout');
  if (seconds > 0) engine.limits.deadlineMs = seconds * MILLISECONDS;
  return engine;
}

/** All of them, or those of `--enable_tables` without those of `--disable_tables`. */
function chosenTables(options: OptionValues): typeof tables {
  const names = (option: string) =>
    options
      .string(option)
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
  const [enabled, disabled] = [names('enable_tables'), names('disable_tables')];
  if (enabled.length === 0 && disabled.length === 0) return tables;
  return tables.filter(({ name }) => (enabled.length === 0 || enabled.includes(name)) && !disabled.includes(name));
}

/** A warning in a line. */
export function warningText({ table, message, cause, count }: Warning): string {
  const from = table === '' ? '' : `${table}: `;
  const why = cause === undefined ? '' : `: ${cause}`;
  const times = count > 1 ? ` (and ${count - 1} more)` : '';
  return `Warning: ${from}${message}${why}${times}\n`;
}
