import type { Engine } from '../../../src/engine/engine.ts';
import type { SqlValue } from '../../../src/engine/functions/function.ts';
import { type FunctionOptions, functions } from '../../../src/engine/functions/index.ts';
import { LinuxHost } from '../../../src/host/linux/linux-host.ts';
import { engineWith } from '../support.ts';

/** An engine with every function, over the files of this machine; what functions warn of is in `warnings`. */
export function engineWithFunctions(options: FunctionOptions = {}): { engine: Engine; warnings: string[] } {
  const warnings: string[] = [];
  const { engine } = engineWith([], {
    functions: functions({ files: new LinuxHost().files, warn: (message) => warnings.push(message), ...options }),
  });
  return { engine, warnings };
}

/** The value of an SQL expression. */
export function valueIn(engine: Engine, expression: string): SqlValue {
  return engine.query(`select ${expression}`).rows[0]![0]!;
}
