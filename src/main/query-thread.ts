/** The thread that runs the SQL of the daemon. */
import { parentPort, workerData } from 'node:worker_threads';
import { OptionValues } from '../config/option-values.ts';
import { type QueryPort, serveQueries } from '../daemon/serve-queries.ts';
import { openEngine, warningText } from './open-engine.ts';

const { options, cancel } = workerData as { options: readonly [name: string, value: string][]; cancel: Int32Array };
const values = new OptionValues();
for (const [name, value] of options) values.set(values.declaration(name)!, value);
serveQueries(parentPort as unknown as QueryPort, (warn) =>
  openEngine(values, { cancel, warn: (warning) => warn(warningText(warning).trimEnd()) }),
);
