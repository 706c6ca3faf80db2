/**
 * The engine alone against SQLite with a virtual table in C, in one run: `node bench/engine.ts`. Both make the same rows
 * and read every cell of the answer as text. Wants gcc and libsqlite3-dev.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import v8 from 'node:v8';
import { Engine } from '../src/engine/engine.ts';
import type { Host } from '../src/host/host.ts';
import { sqliteModule } from '../src/host/linux/sqlite-module.ts';
import type { Agent } from '../src/schema/agent.ts';
import { bigint, text } from '../src/schema/columns.ts';
import { table } from '../src/schema/table.ts';

v8.setFlagsFromString('--semi-space-growth-factor=1');

interface Case {
  readonly name: string;
  readonly rows: number;
  readonly times: number;
  readonly sql: string;
}

const CASES: readonly Case[] = [
  { name: 'count(*) of 1,000,000 rows', rows: 1_000_000, times: 1, sql: 'select count(*) from sample' },
  { name: 'sum of a column, 1,000,000 rows', rows: 1_000_000, times: 1, sql: 'select sum(id) from sample' },
  { name: 'select *, 200,000 rows x 10 columns', rows: 200_000, times: 1, sql: 'select * from sample' },
  { name: 'LIKE over 200,000 rows', rows: 200_000, times: 1, sql: "select count(*) from sample where name like '%99'" },
  {
    name: 'group by a text, 200,000 rows',
    rows: 200_000,
    times: 1,
    sql: 'select count(*) from (select substr(name, 8, 3) as k, count(*) from sample group by k)',
  },
  {
    name: 'join by key, 500 look-ups',
    rows: 500,
    times: 1,
    sql: 'select count(b.name) from sample a join sample b using (id)',
  },
  { name: 'select 1, 10,000 times', rows: 1, times: 10_000, sql: 'select 1' },
  { name: 'one row by key, 10,000 times', rows: 1000, times: 10_000, sql: 'select name, c2 from sample where id = 7' },
  {
    name: 'recursive CTE, 1,000,000 steps',
    rows: 1,
    times: 1,
    sql: 'with recursive c(x) as (select 1 union all select x + 1 from c where x < 1000000) select sum(x) from c',
  },
];

let rows = 0;
const sample = table({
  name: 'sample',
  description: 'Made-up rows',
  platforms: ['linux'],
  columns: {
    id: bigint('0', { index: true }),
    name: text('1'),
    c2: bigint('2'),
    c3: text('3'),
    c4: bigint('4'),
    c5: text('5'),
    c6: bigint('6'),
    c7: text('7'),
    c8: bigint('8'),
    c9: text('9'),
  },
  examples: [],
  *generate({ row, values, uses }) {
    const texts = uses('name', 'c3', 'c5', 'c7', 'c9');
    const one = (id: number) =>
      texts
        ? row({
            id,
            name: `name-1-${id}`,
            c2: id + 2,
            c3: `name-3-${id}`,
            c4: id + 4,
            c5: `name-5-${id}`,
            c6: id + 6,
            c7: `name-7-${id}`,
            c8: id + 8,
            c9: `name-9-${id}`,
          })
        : row({ id, c2: id + 2, c4: id + 4, c6: id + 6, c8: id + 8 });
    const ids = values('id');
    if (ids) for (const id of ids) yield one(id);
    else for (let id = 0; id < rows; id++) yield one(id);
  },
});

function ours(): Map<string, number> {
  const engine = new Engine({
    module: sqliteModule(),
    host: { platform: 'linux' } as Host,
    agent: {} as Agent,
    tables: [{ name: 'sample', aliases: [], load: () => sample }],
    functions: { scalars: [], aggregates: [], collations: [] },
  });
  let sink = 0;
  const run = (sql: string) => {
    const { statement } = engine.prepare(sql);
    using open = statement!;
    for (const cells of open.rows((text) => text)) for (const cell of cells) sink += cell?.length ?? 0;
  };
  const best = new Map<string, number>();
  for (const { name, rows: count, times, sql } of CASES) {
    rows = count;
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < 5; k++) {
      const start = performance.now();
      for (let i = 0; i < times; i++) run(sql);
      least = Math.min(least, performance.now() - start);
    }
    best.set(name, least);
  }
  if (sink === 0) throw new Error('nothing was read');
  return best;
}

function native(): Map<string, number> {
  const folder = mkdtempSync(join(tmpdir(), 'engine-bench-'));
  try {
    const program = join(folder, 'engine');
    execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, 'native/engine.c'), '-lsqlite3']);
    const args = CASES.flatMap(({ name, rows, times, sql }) => [name, String(rows), String(times), sql]);
    const lines = execFileSync(program, args, { encoding: 'utf8' }).trim().split('\n');
    return new Map(lines.map((line) => line.split('\t')).map(([name, ms]) => [name!, Number(ms)]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const c = native();
const ts = ours();
console.log('| what | SQLite in C, ms | engine, ms | ratio |\n|---|---|---|---|');
for (const { name } of CASES) {
  const [a, b] = [c.get(name)!, ts.get(name)!];
  console.log(`| ${name} | ${a.toFixed(1)} | ${b.toFixed(1)} | ${(b / a).toFixed(1)} |`);
}
