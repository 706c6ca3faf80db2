/** What YARA costs the thread that scans: `node bench/yara.ts`. Memory is what is resident and not shared, of the process. */
import { readFileSync } from 'node:fs';
import { trimHeap } from '../src/host/linux/trim-heap.ts';
import { loadYara } from '../src/host/linux/yara-module.ts';
import { compileRules, type YaraRules } from '../src/yara/engine.ts';

const MEGABYTE = 1024 * 1024;
const RULES = 200;
const SCANS = 1000;

const rule = (i: number, more: string) =>
  `rule r${i} : t { strings: $a = "word${i} marker" $b = "other${i} thing" wide ${more} condition: any of them }`;
const texts = Array.from({ length: RULES }, (_, i) => rule(i, '')).join('\n');
const patterns = Array.from({ length: RULES }, (_, i) => rule(i, `$c = /word${i}[0-9a-f]{4,16}end/`)).join('\n');

console.log('| | ms | MB of the process |\n|---|---|---|');
const library = measure('load', () => loadYara(200 * MEGABYTE));
const one = measure('compile 1 rule', () => compiled('rule r { strings: $a = "to be found" condition: $a }'));
const many = measure(`compile ${RULES} rules, ${2 * RULES} strings`, () => compiled(texts));
measure(`compile them with ${RULES} regular expressions`, () => compiled(patterns)[Symbol.dispose]());
measure('give back free memory', trimHeap);
const small = Buffer.alloc(4096, 'nothing ');
measure(`4 KB with 1 rule, each of ${SCANS}`, () => scans(one, small), SCANS);
measure(`4 KB with ${RULES} rules, each of ${SCANS}`, () => scans(many, small), SCANS);
measure(`the same again`, () => scans(many, small), SCANS);
const large = Buffer.alloc(50 * MEGABYTE, 'abcdefg ');
measure('50 MB with 1 rule', () => scan(one, large));
measure(`50 MB with ${RULES} rules`, () => scan(many, large));

function compiled(text: string): YaraRules {
  return compileRules(library, [{ path: 'bench', text }], console.error)!;
}

function scans(rules: YaraRules, bytes: Buffer): void {
  for (let i = 0; i < SCANS; i++) scan(rules, bytes);
}

function scan(rules: YaraRules, bytes: Buffer): void {
  rules.scan(bytes.length, (into) => bytes.copy(into));
}

function measure<T>(name: string, work: () => T, times = 1): T {
  const begun = performance.now();
  const made = work();
  const ms = (performance.now() - begun) / times;
  const [, resident, shared] = readFileSync('/proc/self/statm', 'latin1').split(' ').map(Number);
  console.log(
    `| ${name} | ${ms.toFixed(ms < 10 ? 2 : 0)} | ${(((resident! - shared!) * 4096) / MEGABYTE).toFixed(0)} |`,
  );
  return made;
}
