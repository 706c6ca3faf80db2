/**
 * How long a one-shot query takes from exec to exit, beside an empty Node. Runs alternate, so that what else the machine
 * does falls on all alike.
 *
 *     npm run build && node bench/cold-start.ts [runs]
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { NODE_FLAGS } from '../tools/node-flags.ts';
import { installed } from './support.ts';

const RUNS = Number(process.argv[2] ?? 30);
const program = installed();
const checkout = join(import.meta.dirname, '../bin/osqueryi.js');

const variants: Record<string, string[]> = {
  'node -e 0': ['-e', '0'],
  'osqueryi --json "select 1"': [...NODE_FLAGS, program, '--json', 'select 1'],
  'osqueryi --json "select * from uptime"': [...NODE_FLAGS, program, '--json', 'select * from uptime'],
  'osqueryi --json "select 1", checkout': [...NODE_FLAGS, checkout, '--json', 'select 1'],
};

const times = new Map(Object.keys(variants).map((name) => [name, [] as number[]]));
for (let run = 0; run <= RUNS; run++) {
  for (const [name, args] of Object.entries(variants)) {
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    if (status !== 0) throw new Error(`${name}: ${stderr}`);
    // The first of each reads the disk.
    if (run > 0) times.get(name)!.push(performance.now() - start);
  }
}
for (const [name, values] of times) {
  values.sort((a, b) => a - b);
  const [least, middle] = [values[0]!, values[values.length >> 1]!].map((ms) => ms.toFixed(1).padStart(7));
  console.log(`${least} least ${middle} median ms  ${name}`);
}
