import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionValues } from '../../../src/config/option-values.ts';
import { watchdogLimits } from '../../../src/daemon/watchdog/limits.ts';
import { Respawn } from '../../../src/daemon/watchdog/respawn.ts';
import { UsageMeter } from '../../../src/daemon/watchdog/usage-meter.ts';

const MB = 1024 * 1024;

function limitsOf(flags: Record<string, string>, cores = 2) {
  const options = new OptionValues();
  for (const [name, value] of Object.entries(flags)) options.set(options.declaration(name)!, value);
  return watchdogLimits(options, cores);
}

test('limits by level, and what stands in their place', () => {
  assert.deepEqual(limitsOf({}), { memory: 200 * MB, cpuMs: 600, latency: 12 });
  assert.deepEqual(limitsOf({ watchdog_level: '1' }), { memory: 100 * MB, cpuMs: 300, latency: 6 });
  assert.deepEqual(limitsOf({ watchdog_level: '-1' }, 4), { memory: 10_000 * MB, cpuMs: 12_000, latency: 1000 });
  const own = { watchdog_memory_limit: '300', watchdog_utilization_limit: '500', watchdog_latency_limit: '3' };
  assert.deepEqual(limitsOf(own), { memory: 300 * MB, cpuMs: 6000, latency: 3 });
});

test('CPU may be exceeded for a while, not for long', () => {
  const meter = new UsageMeter({ memory: MB, cpuMs: 600, latency: 12 });
  const look = (cpuMs: number) => meter.look({ cpuMs, memory: 0 });
  let cpu = 0;
  for (const spent of [900, 900, 900, 600, 900, 900, 900]) {
    cpu += spent;
    assert.equal(look(cpu), undefined);
  }
  cpu += 1000;
  assert.deepEqual(look(cpu), {
    kind: 'cpu',
    message: 'Maximum sustainable CPU utilization limit 600ms exceeded for 12 seconds',
    amount: 3700,
    limit: 2400,
  });
  meter.forgive();
  assert.equal(look(cpu + 1000), undefined);
});

test('memory counts from the first look on', () => {
  const meter = new UsageMeter({ memory: 200 * MB, cpuMs: 600, latency: 12 });
  const look = (megabytes: number) => meter.look({ cpuMs: 0, memory: megabytes * MB });
  for (const megabytes of [70, 60, 270, 100]) assert.equal(look(megabytes), undefined);
  assert.equal(meter.grown, 30 * MB);
  const message = `Memory limits exceeded: ${201 * MB} bytes (limit is 200MB)`;
  assert.deepEqual(look(271), { kind: 'memory', message, amount: 201 * MB, limit: 200 * MB });
});

test('a worker that ends at once is started later and later, one that lived is not', () => {
  const respawn = new Respawn(60);
  assert.deepEqual(
    [1, 1, 3.9, 1, 1, 1, 1].map((lived) => respawn.after(lived, false)),
    [7, 9, 13, 21, 37, 60, 60],
  );
  assert.equal(respawn.quick, 7);
  assert.equal(respawn.after(5, false), 0);
  assert.equal(respawn.after(5, true), 60);
  assert.equal(respawn.after(600, true), 7);
  assert.deepEqual(
    [72, 72, 72].map((lived) => respawn.after(lived, true)),
    [7, 7, 7],
  );
});
