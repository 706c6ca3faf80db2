import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Engine, type Warning } from '../../src/engine/engine.ts';
import { functions } from '../../src/engine/functions/index.ts';
import type { Host } from '../../src/host/host.ts';
import { LinuxHost } from '../../src/host/linux/linux-host.ts';
import { sqliteModule } from '../../src/host/linux/sqlite-module.ts';
import type { Column } from '../../src/schema/columns.ts';
import type { AnyTable } from '../../src/schema/table.ts';
import { tables } from '../../src/tables/index.ts';
import { fakeAgent } from '../../src/testing/fake-agent.ts';
import { loadMachine, machineNames } from '../../src/testing/machines.ts';

/** Rows read of one example at most: a live machine may have a million files. */
const MAX_ROWS = 2_000;

const declared = tables.map((entry) => entry.load());
const module = sqliteModule();

const hosts: [string, () => Host][] = [
  ['this machine', () => new LinuxHost()],
  ...machineNames().map((name): [string, () => Host] => [`the machine ${name}`, () => loadMachine(name)]),
];

for (const [machine, open] of hosts) {
  describe(`examples run on ${machine}`, () => {
    const { engine, warnings } = engineOver(open());
    for (const table of declared) {
      test(table.name, () => {
        for (const sql of table.examples) {
          warnings.length = 0;
          read(engine, sql, MAX_ROWS);
          const unanswered = warnings.filter(({ message }) => message.includes('constraint'));
          assert.deepEqual(unanswered, [], `${sql}: an example gives what the table requires`);
        }
      });
    }
  });
}

describe('LIMIT 1 pulls one row', () => {
  const { engine } = engineOver(new LinuxHost());
  engine.trace.on = true;
  for (const table of declared) {
    if (requires(table)) continue;
    test(table.name, () => {
      const rows = read(engine, `select * from ${table.name} limit 1`, MAX_ROWS);
      const [scan] = engine.trace.entries;
      assert.ok(rows <= 1);
      assert.ok((scan?.rows ?? 0) <= 1, `the table gave ${scan?.rows} rows`);
    });
  }
});

describe('without what it requires a table fails and says what that is', () => {
  const { engine, warnings } = engineOver(new LinuxHost());
  for (const table of declared.filter(requires)) {
    test(table.name, () => {
      warnings.length = 0;
      assert.throws(() => read(engine, `select * from ${table.name}`, MAX_ROWS), { code: 19 });
      assert.equal(warnings.length, 1);
    });
  }
});

function engineOver(host: Host): { engine: Engine; warnings: Warning[] } {
  const warnings: Warning[] = [];
  const engine = new Engine({
    module,
    host,
    agent: fakeAgent({ tables: () => declared }),
    tables,
    functions,
    warn: (warning) => warnings.push(warning),
  });
  return { engine, warnings };
}

/** Runs `sql`, reading each cell of at most `limit` rows; how many rows there were. */
function read(engine: Engine, sql: string, limit: number): number {
  let rows = 0;
  for (const statement of engine.statements(sql)) {
    while (rows < limit && statement.step()) {
      rows += 1;
      statement.columns.map((_, i) => statement.value(i));
    }
  }
  return rows;
}

function requires(table: AnyTable): boolean {
  return Object.values(table.columns as Record<string, Column>).some(({ options }) => options.required);
}
