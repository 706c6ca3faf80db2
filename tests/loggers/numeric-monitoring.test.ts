import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { monitoringFile, NumericMonitoring } from '../../src/loggers/numeric-monitoring.ts';

let written: string[][];
let now: number;
beforeEach(() => {
  written = [];
  now = 1795464222.25;
});

const monitoring = (combines?: boolean) =>
  new NumericMonitoring(
    (lines) => written.push([...lines]),
    () => now,
    combines,
  );

describe('measurements', () => {
  test('of one path come together until they are written, with the last time', () => {
    const { record, flush } = bound(monitoring());
    for (const value of [3, 1, 2]) {
      record('runs', value, 'sum');
      record('wall', value, 'min');
      record('wall', value, 'max');
      record('each', value, 'none');
      now += 10;
    }
    flush();
    flush();
    assert.deepEqual(written, [
      [
        'runs\t6\t1795464242250000\tfalse',
        'wall\t1\t1795464242250000\tfalse',
        'wall\t3\t1795464242250000\tfalse',
        'each\t3\t1795464222250000\tfalse',
        'each\t1\t1795464232250000\tfalse',
        'each\t2\t1795464242250000\tfalse',
      ],
    ]);
    record('runs', 1, 'sum');
    flush();
    assert.deepEqual(written[1], ['runs\t1\t1795464252250000\tfalse']);
  });

  test('are written at once where that is asked for', () => {
    const { record, flush } = bound(monitoring());
    record('a', 1, 'sum');
    record('a', 2, 'sum', true);
    flush();
    assert.deepEqual(written, [['a\t2\t1795464222250000\ttrue'], ['a\t1\t1795464222250000\tfalse']]);
  });

  test('are written at once where nothing is combined', () => {
    const { record } = bound(monitoring(false));
    record('a', 1, 'sum');
    record('a', 1, 'sum');
    assert.deepEqual(written, Array(2).fill(['a\t1\t1795464222250000\tfalse']));
  });

  test('are whole numbers, and a line each, whatever a path has in it', () => {
    const { record } = bound(monitoring(false));
    record('pack.a\tb\nc', -1.9, 'sum');
    assert.deepEqual(written, [['pack.a b c\t-1\t1795464222250000\tfalse']]);
  });

  test('are bounded in number', () => {
    const { record, flush } = bound(monitoring());
    for (let i = 0; i < 110_000; i++) record(`path ${i}`, 1, 'sum');
    for (let i = 0; i < 10; i++) record('each', 1, 'none');
    record('path 0', 1, 'sum');
    flush();
    assert.equal(written[0]?.length, 100_000);
    assert.match(written[0]![0]!, /^path 0\t2\t/);
  });
});

test('a file that cannot be written is said once', () => {
  const warnings: string[] = [];
  const appended: string[] = [];
  let full = true;
  const files = {
    append: (_path: string, texts: Iterable<string>) => {
      if (full) throw new Error('ENOSPC');
      appended.push(...texts);
    },
  };
  const write = monitoringFile(files, '/log', 0o640, (text) => warnings.push(text));
  write(['a']);
  write(['b']);
  full = false;
  write(['c', 'd']);
  assert.deepEqual([warnings, appended], [['measurements cannot be written: ENOSPC'], ['c\nd\n']]);
});

function bound(all: NumericMonitoring) {
  return { record: all.record, flush: () => all.flush() };
}
