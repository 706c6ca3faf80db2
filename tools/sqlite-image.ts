/**
 * Makes the image of SQLite that the bundle starts from: `node <flags> tools/sqlite-image.ts FILE`, with the flags of
 * `tools/node-flags.ts`, because V8 takes machine code only under the flags it was made with. The queries below decide
 * which functions the image has code for: what a one-shot query usually calls. A megabyte more costs a start 4 ms.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import v8 from 'node:v8';
import { joinImage } from '../src/base/sqlite-image.ts';
import { Engine } from '../src/engine/engine.ts';
import type { Host } from '../src/host/host.ts';
import { serialize } from '../src/host/linux/sqlite-module.ts';
import type { Agent } from '../src/schema/agent.ts';
import { bigint, text } from '../src/schema/columns.ts';
import { table } from '../src/schema/table.ts';

const QUERIES = [
  'select 1',
  'select * from sample where id = 3 and name like "a%" order by name limit 5',
  'select id, name || "x", id * 2 + 1 from sample where id > 2 and name != "b" or id in (1, 2)',
  'select name, count(*), sum(id), max(id) from sample group by name having count(*) > 0 order by 2 desc',
  'select a.id, b.name from sample a join sample b using (id) where a.name is not null',
  'select count(*) from sample',
];

const wasm = readFileSync(createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm'));

/**
 * Only optimized code is kept, so the first tier is off: a function is then optimized when it is first called. Without
 * inlining and unrolling the code is 0.8 instead of 1.9 MB, and loading it 4 instead of 10 ms.
 */
const WHILE_COMPILING = ['liftoff', 'wasm-inlining', 'wasm-loop-unrolling', 'wasm-loop-peeling'];

for (const flag of WHILE_COMPILING) v8.setFlagsFromString(`--no-${flag}`);
const module = new WebAssembly.Module(wasm);
const sample = table({
  name: 'sample',
  description: 'A few rows',
  platforms: ['linux'],
  columns: { id: bigint('Number', { index: true, optimized: true }), name: text('Letter', { additional: true }) },
  examples: [],
  *generate({ row }) {
    for (let id = 0; id < 10; id++) yield row({ id, name: 'abc'[id % 3] });
  },
});
const engine = new Engine({
  module,
  host: { platform: 'linux' } as Host,
  agent: {} as Agent,
  tables: [{ name: 'sample', aliases: [], load: () => sample }],
  functions: {
    scalars: [{ name: 'one', arity: 0, accepts: 'value', description: '', call: () => 1 }],
    aggregates: [],
    collations: [],
  },
});
for (const sql of QUERIES) {
  for (const statement of engine.statements(sql))
    while (statement.step()) statement.columns.map((_, i) => statement.text(i));
}
// V8 notes the flags the code goes with: they have to be those of a start.
for (const flag of WHILE_COMPILING) v8.setFlagsFromString(`--${flag}`);
const code = serialize(module);
writeFileSync(process.argv[2]!, joinImage(process.version + process.arch, wasm, code));
console.log(`${process.argv[2]}: ${wasm.length} bytes of WASM, ${code.length} of machine code`);
