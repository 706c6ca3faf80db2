import { writeSync } from 'node:fs';
import { printable } from '../base/text.ts';
import { openEngine } from './open-engine.ts';

/** For now: `osqueryi [--root DIR] SQL` prints JSON rows. */
const args = process.argv.slice(2).filter((arg) => arg !== '--json');
const at = args.indexOf('--root');
const root = at < 0 ? undefined : args.splice(at, 2)[1];
using engine = openEngine({
  ...(root !== undefined && { root }),
  agent: {} as never,
  functions: { scalars: [], aggregates: [], collations: [] },
  warn: ({ table, message, cause, count }) => writeSync(2, `W ${table}: ${message} (${count} x): ${cause}\n`),
});
try {
  for (const statement of engine.statements(args.join(' '))) {
    while (statement.step()) {
      const row = statement.columns.map(({ name }, i) => [name, printable(statement.text(i) ?? '')]);
      writeSync(1, `${JSON.stringify(Object.fromEntries(row))}\n`);
    }
  }
} catch (error) {
  writeSync(2, `Error: ${(error as Error).message}\n`);
  process.exitCode = (error as { code?: number }).code ?? 1;
}
