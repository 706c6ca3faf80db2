/** Lines that osquery 5.23 logged, made again from what they say: equal to the last byte, so the order of keys, too. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  batchLine,
  eventLines,
  type LineOptions,
  type LogHead,
  snapshotEventLines,
  snapshotLine,
} from '../../src/results/log-lines.ts';
import { type LoggedCell, type RowText, rowEncoder } from '../../src/results/row.ts';

type Values = Readonly<Record<string, string | number>>;

function lines(name: string): string[] {
  return readFileSync(join(import.meta.dirname, 'reference/daemon-logs', name), 'utf8')
    .trim()
    .split('\n');
}

function headOf(line: Readonly<Record<string, unknown>>): LogHead {
  const { name, hostIdentifier, unixTime, epoch, counter, decorations, deco, deco2 } = line;
  const found = decorations ?? { deco, deco2 };
  return { name, hostIdentifier, unixTime, epoch, counter, decorations: Object.entries(found) } as LogHead;
}

/** The columns of the queries of `config.conf` that are numbers; as texts the lines do not say. */
const NUMBERS = new Set(['a', 'c', 'f', 'n', 'size']);

/** A row as the engine gave it; its columns in another order than the log has them. */
function rowOf(values: Values): RowText {
  const names = Object.keys(values).reverse();
  const cells = names.map((name): LoggedCell => {
    const text = String(values[name]);
    return { text, type: !NUMBERS.has(name) ? 'TEXT' : text.includes('.') ? 'REAL' : 'INTEGER' };
  });
  return rowEncoder(names)(cells);
}

for (const setting of ['event', 'top', 'batch'])
  describe(setting, () => {
    const options: LineOptions = { numerics: setting === 'batch', decorationsTopLevel: setting === 'top' };

    test('results', () => {
      for (const line of lines(`${setting}.results.log`)) {
        const parsed = JSON.parse(line);
        const changes = parsed.diffResults ?? { added: [], removed: [], [parsed.action]: [parsed.columns] };
        const rows = { added: changes.added.map(rowOf), removed: changes.removed.map(rowOf) };
        const head = headOf(parsed);
        const made = setting === 'batch' ? [batchLine(head, rows, options)] : [...eventLines(head, rows, options)];
        assert.deepEqual(made, [line]);
      }
    });

    test('snapshots', () => {
      for (const line of lines(`${setting}.snapshots.log`)) {
        const parsed = JSON.parse(line);
        const made = parsed.snapshot
          ? [snapshotLine(headOf(parsed), parsed.snapshot.map(rowOf), options)]
          : [...snapshotEventLines(headOf(parsed), [rowOf(parsed.columns)], options)];
        assert.deepEqual(made, [line]);
      }
    });
  });
