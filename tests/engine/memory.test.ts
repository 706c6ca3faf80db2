import assert from 'node:assert/strict';
import { test } from 'node:test';
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bigint } from '../../src/schema/columns.ts';
import { table } from '../../src/schema/table.ts';
import { engineWith } from './support.ts';

const GROWTH_LIMIT_MB = 20;

test('100,000 queries in one engine leave its memory as it was', (context) => {
  // As the programs start: V8's young generation keeps its first size, or it takes 100 MB before it collects.
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  v8.setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What is free is given back little by little, on a busy machine later.
  const settled = () => {
    const looks = Array.from({ length: 5 }, () => {
      collect();
      return process.memoryUsage();
    });
    return { heapUsed: looks.at(-1)!.heapUsed, rss: Math.min(...looks.map(({ rss }) => rss)) };
  };
  const count = table({
    name: 'count',
    description: 'Five numbers',
    platforms: ['linux'],
    columns: { n: bigint('n', { index: true, optimized: true }) },
    examples: [],
    *generate({ row, values }) {
      for (const n of values('n') ?? [0, 1, 2, 3, 4]) yield row({ n });
    },
  });
  using engine = engineWith([count]).engine;
  const run = (times: number) => {
    for (let i = 0; i < times; i++) {
      engine.query(`select n, '${i}' from count where n in (${i}, 1, 2)`);
      if (i % 10 === 0) assert.throws(() => engine.query(`select nope${i} from count`));
    }
  };
  // V8 compiles and sizes its young generation while the first few thousand run: that happens once, and is not growth.
  run(50_000);
  const sqlite = engine.memory;
  const before = settled();
  run(100_000);
  const after = settled();
  const heap = (after.heapUsed - before.heapUsed) / 1e6;
  const resident = (after.rss - before.rss) / 1e6;
  context.diagnostic(`heap ${heap.toFixed(2)} MB, resident ${resident.toFixed(1)} MB`);
  assert.equal(engine.memory, sqlite);
  assert.ok(heap < 1, `the heap grew by ${heap} MB`);
  assert.ok(resident < GROWTH_LIMIT_MB, `the process grew by ${resident} MB`);
});
