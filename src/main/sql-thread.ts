/** The thread that runs the SQL of the interactive shell. */
import { parentPort, workerData } from 'node:worker_threads';
import { OptionValues } from '../config/option-values.ts';
import { sqlRules } from '../host/linux/sandbox/kinds.ts';
import { SHARED } from '../shell/interactive/protocol.ts';
import { type Port, serve } from '../shell/interactive/serve.ts';
import { LocalRunner } from '../shell/local-runner.ts';
import { openEngine, warningText } from './open-engine.ts';
import { enterSandbox, wantsSandbox } from './sandbox.ts';

const { options, shared } = workerData as { options: readonly [name: string, value: string][]; shared: Int32Array };
const values = new OptionValues();
for (const [name, value] of options) values.set(values.declaration(name)!, value);
enterSandbox(wantsSandbox(values), () => sqlRules(undefined));
const port = parentPort!;
let statements = 0;
const engine = openEngine(values, {
  cancel: shared,
  clock: {
    begins: () => {
      statements += 1;
      Atomics.store(shared, SHARED.statement, statements);
    },
    ends: () => Atomics.store(shared, SHARED.statement, 0),
  },
  warn: (warning) => port.postMessage({ kind: 'warning', text: warningText(warning) }),
});
serve(port as Port, new LocalRunner(engine), shared);
