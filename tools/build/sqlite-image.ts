/**
 * Writes the image of SQLite: its WASM, and the machine code of what small queries call.
 *
 *     node --allow-natives-syntax tools/build/sqlite-image.ts <file>
 *
 * A program of its own, because V8 keeps only code of its optimizing compiler, and the flag for that holds for a process.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { joinImage } from '../../src/base/sqlite-image.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Host } from '../../src/host/host.ts';
import { serialize } from '../../src/host/linux/sqlite-module.ts';
import { integer, text } from '../../src/schema/columns.ts';
import { table } from '../../src/schema/table.ts';
import { fakeAgent } from '../../src/testing/fake-agent.ts';

const numbers = table({
  name: 'numbers',
  description: 'What the queries below read.',
  platforms: ['linux'],
  columns: { n: integer('Number', { index: true }), name: text('Name') },
  examples: ['select * from numbers'],
  *generate({ row }) {
    for (let n = 0; n < 3; n++) yield row({ n, name: String(n) });
  },
});

/** What a first query is like. More here makes a larger image, and reading it costs every start. */
const TYPICAL = [
  'select 1',
  'select * from numbers',
  "select n, name from numbers where n = 1 and name like '%1%' order by name limit 2",
  'select count(*), sum(n) from numbers group by name',
  'select a.n from numbers a join numbers b using (n)',
];

const wasm = readFileSync(createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm'));
setFlagsFromString('--no-liftoff');
const module = new WebAssembly.Module(wasm);
using engine = new Engine({
  module,
  host: { platform: 'linux', files: {}, kernel: undefined } as unknown as Host,
  agent: fakeAgent(),
  tables: [{ name: 'numbers', aliases: [], load: () => numbers }],
  functions: { scalars: [], aggregates: [], collations: [] },
});
for (const sql of TYPICAL) engine.query(sql);
// V8 takes only code made with the flags it runs with.
setFlagsFromString('--liftoff');
writeFileSync(process.argv[2]!, joinImage(process.version + process.arch, wasm, serialize(module)));
