import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { OptionValues } from '../config/option-values.ts';
import { Engine, type EngineOptions, type TableSource, type Warning } from '../engine/engine.ts';
import { functions } from '../engine/functions/index.ts';
import { LinuxHost } from '../host/linux/linux-host.ts';
import { sqliteModule } from '../host/linux/sqlite-module.ts';
import type { Agent } from '../schema/agent.ts';
import { tables } from '../tables/index.ts';
import { ShellAgent } from './agent.ts';

const require = createRequire(import.meta.url);

const MILLISECONDS = 1000;

export interface EngineParts
  extends Pick<EngineOptions, 'warn' | 'cancel' | 'activity' | 'leftAlone' | 'clock' | 'memoryLimit'> {
  /** Of the shell unless it is given. */
  readonly agent?: Agent;
  /** Tables of the configuration. */
  readonly tables?: readonly TableSource[];
}

/** An engine over the machine this program runs on, with every table that the options leave. */
export function openEngine(
  options: OptionValues,
  { warn, cancel, activity, leftAlone, clock, memoryLimit, agent, tables: more = [] }: EngineParts,
): Engine {
  const host = new LinuxHost(options.string('root') || '/');
  const configured = agent === undefined ? shellConfiguration(options) : undefined;
  const engine = new Engine({
    module: sqliteModule(),
    host,
    agent:
      agent ??
      new ShellAgent(options, host, (problem) => warn?.({ table: '', message: problem, cause: undefined, count: 1 })),
    tables: [...chosenTables(options), ...more, ...(configured?.tables ?? [])],
    functions: (context) => functions({ ...context, regexMaxSize: options.number('regex_max_size') }),
    ...(warn && { warn }),
    cancel,
    activity,
    leftAlone,
    clock,
    ...(memoryLimit !== undefined && { memoryLimit }),
  });
  const seconds = options.number('query_timeout');
  if (seconds > 0) engine.limits.deadlineMs = seconds * MILLISECONDS;
  if (configured !== undefined && configured.views.size > 0) {
    const { createViews } = require('./views.ts') as typeof import('./views.ts');
    createViews(engine, configured.views, (message) => warn?.({ table: '', message, cause: undefined, count: 1 }));
  }
  return engine;
}

/** Views and tables that the shell takes from the machine's configuration, if there is one; a start does without. */
function shellConfiguration(options: OptionValues) {
  if (options.string('config_plugin') !== 'filesystem') return undefined;
  if (!new LinuxHost().files.exists(resolve(options.string('config_path')))) return undefined;
  return (require('./shell-configuration.ts') as typeof import('./shell-configuration.ts')).shellConfiguration(options);
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

/** A warning in a line: a path in it may have line breaks. */
export function warningText({ table, message, cause, count }: Warning): string {
  const from = table === '' ? '' : `${table}: `;
  const why = cause === undefined ? '' : `: ${cause}`;
  const times = count > 1 ? ` (and ${count - 1} more)` : '';
  return `${`Warning: ${from}${message}${why}${times}`.replaceAll('\n', '\u240a')}\n`;
}
