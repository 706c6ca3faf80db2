import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monitoringFile, NumericMonitoring } from '../../src/loggers/numeric-monitoring.ts';

test('measurements of one path come together until they are written', () => {
  const written: string[] = [];
  let now = 1000.5;
  const monitoring = new NumericMonitoring(
    (lines) => written.push(...lines),
    () => now,
  );
  for (const value of [3, 1, 2]) {
    monitoring.record('runs', value, 'sum');
    monitoring.record('wall', value, 'min');
    monitoring.record('wall', value, 'max');
    monitoring.record('each', value, 'none');
    now += 10;
  }
  monitoring.flush();
  monitoring.flush();
  assert.deepEqual(written, [
    'runs\t6\t1020\tfalse',
    'wall\t1\t1020\tfalse',
    'wall\t3\t1020\tfalse',
    'each\t3\t1000\tfalse',
    'each\t1\t1010\tfalse',
    'each\t2\t1020\tfalse',
  ]);
});

test('the number of paths is bounded', () => {
  let lines = 0;
  const monitoring = new NumericMonitoring(
    (all) => {
      lines = all.length;
    },
    () => 0,
  );
  for (let i = 0; i < 300_000; i++) monitoring.record(`path ${i}`, 1, 'sum');
  monitoring.flush();
  assert.equal(lines, 200_000);
});

test('a file that cannot be written is said once', () => {
  const warnings: string[] = [];
  const appended: string[] = [];
  let full = true;
  const files = {
    append: (_path: string, text: string) => {
      if (full) throw new Error('ENOSPC');
      appended.push(text);
    },
  };
  const write = monitoringFile(files, '/log', 0o640, (text) => warnings.push(text));
  write(['a']);
  write(['b']);
  full = false;
  write(['c', 'd']);
  assert.deepEqual([warnings, appended], [['measurements cannot be written: ENOSPC'], ['c\nd\n']]);
});
