/**
 * The queries whose times osquery 5.23 (C++, -O2) is known for, whole programs: what each costs beyond the start of the
 * program, which `select 1` shows. `npm run build && node bench/queries.ts [runs]`
 */
import { installed, measured, median } from './support.ts';

const RUNS = Number(process.argv[2] ?? 9);
const osqueryi = installed();

/** Milliseconds of osquery on a machine like this one, best of ten; `select 1` is the first. */
const QUERIES: readonly (readonly [sql: string, osqueryMs: number])[] = [
  ['select 1', 11.7],
  ['select * from processes', 24.7],
  ['select pid, name from processes', 24.7],
  ['select * from deb_packages', 24],
  ['select count(*) from deb_package_files', 54],
  ['select * from system_controls', 261],
  ['select * from listening_ports', 29],
  ["select * from file where directory = '/usr/bin'", 35],
  ["select sha256 from hash where directory = '/usr/bin'", 1720],
  ["select count(*) from file where path like '/usr/%%'", 800],
  ['with recursive c(x) as (select 1 union all select x + 1 from c limit 1000000) select sum(x) from c', 158],
];

const walls = QUERIES.map(() => [] as number[]);
for (let run = 0; run <= RUNS; run++) {
  QUERIES.forEach(([sql], i) => {
    const { wall } = measured([osqueryi, '--json', sql]);
    if (run > 0) walls[i]!.push(wall * 1e3);
  });
}

const [[, osqueryStart]] = QUERIES as [readonly [string, number]];
const start = Math.min(...walls[0]!);
console.log('| query | least ms | median ms | beyond start | osquery beyond start |\n|---|---|---|---|---|');
QUERIES.forEach(([sql, osqueryMs], i) => {
  const least = Math.min(...walls[i]!);
  const cells = [least, median(walls[i]!), least - start, osqueryMs - osqueryStart].map((ms) => ms.toFixed(1));
  console.log(`| \`${sql}\` | ${cells.join(' | ')} |`);
});
