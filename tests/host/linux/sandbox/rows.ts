/** A thread that asks each of some queries, in a sandbox or without. */
import { parentPort, workerData } from 'node:worker_threads';
import { OptionValues } from '../../../../src/config/option-values.ts';
import { sqlRules } from '../../../../src/host/linux/sandbox/kinds.ts';
import { restrictThread, type Sandbox } from '../../../../src/host/linux/sandbox/sandbox.ts';
import { openEngine } from '../../../../src/main/open-engine.ts';

export interface Asked {
  readonly sandboxed: boolean;
  /** Names of tables to SQL. */
  readonly queries: ReadonlyMap<string, string>;
}

export interface Answered {
  readonly sandbox: Sandbox | undefined;
  /** Rows, warnings and errors of each, as text. */
  readonly answers: ReadonlyMap<string, string>;
}

const { sandboxed, queries } = workerData as Asked;
const sandbox = sandboxed ? restrictThread(sqlRules(undefined)) : undefined;
const lines: string[] = [];
const engine = openEngine(new OptionValues(), { warn: ({ message, cause }) => lines.push(`${message}: ${cause}`) });
const answers = new Map(
  [...queries].map(([name, sql]) => {
    lines.length = 0;
    try {
      for (const statement of engine.statements(sql)) {
        for (const cells of statement.rows((text) => text)) lines.push(cells.join('|'));
      }
    } catch (cause) {
      lines.push(String(cause));
    }
    return [name, lines.join('\n')];
  }),
);
parentPort!.postMessage({ sandbox, answers } satisfies Answered);
