import { Engine, type EngineOptions } from '../engine/engine.ts';
import type { FunctionSet } from '../engine/sqlite/functions.ts';
import { LinuxHost } from '../host/linux/linux-host.ts';
import { sqliteModule } from '../host/linux/sqlite-module.ts';
import type { Agent } from '../schema/agent.ts';
import { tables } from '../tables/index.ts';

export interface OpenOptions extends Pick<EngineOptions, 'warn' | 'cancel' | 'memoryLimit'> {
  /** Directory whose files are the machine; default the machine itself. */
  readonly root?: string;
  readonly agent: Agent;
  readonly functions: FunctionSet;
}

/** An engine over the machine this program runs on, with every table there is. */
export function openEngine({ root, ...options }: OpenOptions): Engine {
  return new Engine({ module: sqliteModule(), host: new LinuxHost(root), tables, ...options });
}
