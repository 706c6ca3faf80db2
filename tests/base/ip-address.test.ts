import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatIp, parseIp, prefixMask } from '../../src/base/ip-address.ts';

test('addresses are written as inet_ntop writes them', () => {
  for (const [text, canonical] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8:0:0:0:0:0:53', '2001:db8::53'],
    ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
    ['2001:0:0:1:0:0:1:1', '2001::1:0:0:1:1'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::192.0.2.1', '::192.0.2.1'],
    ['fe80::', 'fe80::'],
  ] as const) {
    assert.equal(formatIp(parseIp(text)!), canonical, text);
  }
});

test('what is not an address is none', () => {
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.x',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'g::',
    '1:2:3:4:5:6:7::8:9',
    '1.2.3.4::',
    '::1.2.3',
    `${':'.repeat(9999)}`,
  ]) {
    assert.equal(parseIp(text), undefined, text);
  }
  assert.equal(formatIp(new Uint8Array(5)), undefined);
});

test('masks', () => {
  assert.equal(formatIp(prefixMask(0, 4)), '0.0.0.0');
  assert.equal(formatIp(prefixMask(20, 4)), '255.255.240.0');
  assert.equal(formatIp(prefixMask(32, 4)), '255.255.255.255');
  assert.equal(formatIp(prefixMask(64, 16)), 'ffff:ffff:ffff:ffff::');
  assert.equal(formatIp(prefixMask(999, 4)), '255.255.255.255');
});
