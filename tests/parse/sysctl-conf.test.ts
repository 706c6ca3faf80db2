import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SysctlSettings } from '../../src/parse/sysctl-conf.ts';

function settings(...lines: readonly string[]): SysctlSettings {
  const all = new SysctlSettings();
  all.add(lines.join('\n'));
  return all;
}

test('dots or slashes, the last setting counts, values keep their equals signs', () => {
  const all = settings(
    '# x',
    '; y',
    'vm.swappiness=1',
    'vm/swappiness = 10 ',
    'kernel.core_pattern=|/bin/x -a=b',
    'no value',
  );
  assert.equal(all.valueOf('vm/swappiness'), '10');
  assert.equal(all.valueOf('kernel/core_pattern'), '|/bin/x -a=b');
  assert.equal(all.valueOf('no value'), undefined);
});

test('the separator that comes first separates', () => {
  const all = settings('net.ipv4.conf.eth0/7.forwarding = 1', 'net/ipv4/conf/eth1.7/forwarding = 2');
  assert.equal(all.valueOf('net/ipv4/conf/eth0.7/forwarding'), '1');
  assert.equal(all.valueOf('net/ipv4/conf/eth1.7/forwarding'), '2');
});

test('a pattern sets what is not set by name or taken out', () => {
  const all = settings(
    'net.ipv4.conf.all.rp_filter = 1',
    'net.ipv4.conf.*.rp_filter = 2',
    '-net.ipv4.conf.e*0.rp_filter=3',
    '-net.ipv4.conf.lo.rp_filter',
  );
  const value = (name: string) => all.valueOf(`net/ipv4/conf/${name}/rp_filter`);
  assert.deepEqual(['all', 'lo', 'wlan0', 'eth0', 'eth0.7'].map(value), ['1', undefined, '2', '3', '2']);
  assert.equal(all.valueOf('net/ipv4/conf/a/b/rp_filter'), undefined);
});

test('stars that overlap do not match', () => {
  const all = settings('a.ab*ba = 1');
  assert.equal(all.valueOf('a/aba'), undefined);
  assert.equal(all.valueOf('a/abba'), '1');
});
