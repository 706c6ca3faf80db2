import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import type { SqlValue } from '../../../src/engine/functions/function.ts';
import { engineWithFunctions, valueIn } from './support.ts';

const { engine, warnings } = engineWithFunctions();
const value = (expression: string) => valueIn(engine, expression);

describe('values', () => {
  const cases: readonly [string, SqlValue][] = [
    ["inet_aton('0.0.0.0')", 0],
    ["inet_aton('203.0.113.255')", 3405804031],
    ["inet_aton('::1')", null],
    ["inet_aton('1.2.3.04')", null],
    ["inet_aton('256.0.0.1')", null],
    ['inet_aton(NULL)', null],

    ["in_cidr_block('198.51.100.77/24', '198.51.100.1')", 1],
    ["in_cidr_block('198.51.100.0/25', '198.51.100.128')", 0],
    // First and last address of a block are in it.
    ["in_cidr_block('198.51.100.0/24', '198.51.100.0')", 1],
    ["in_cidr_block('198.51.100.0/24', '198.51.100.255')", 1],
    ["in_cidr_block('198.51.100.6/31', '198.51.100.7')", 1],
    ["in_cidr_block('198.51.100.6/32', '198.51.100.6')", 1],
    ["in_cidr_block('2001:db8::/33', '2001:db8:7fff::1')", 1],
    ["in_cidr_block('2001:db8::/33', '2001:db8:8000::1')", 0],
    ["in_cidr_block('::/0', '2001:db8::1')", 1],
    ["in_cidr_block('2001:db8:00ab::/48', '2001:DB8:ab:0:0:0:0:1')", 1],
  ];
  for (const [expression, expected] of cases) test(expression, () => assert.equal(value(expression), expected));
});

describe('in_cidr_block never fails a query', () => {
  const cases: readonly [args: string, expected: unknown][] = [
    ["'fe80::/10', 'fe80::1%eth0'", 1],
    ["'fe80::%lo/10', 'fe80::1%eth0'", 1],
    ["'2001:db8::/32', 'fe80::1%eth0'", 0],
    ["'192.0.2.0/24', '2001:db8::1'", 0],
    ["'2001:db8::/32', '192.0.2.1'", 0],
    ["'192.0.2.0/24', ''", null],
    ["'192.0.2.0/24', NULL", null],
    ["'192.0.2.0/24', 'localhost'", null],
    ["'192.0.2.0/24', '192.0.2.1%eth0'", null],
    ["'192.0.2.0/24', 5", null],
    ["'', '192.0.2.1'", null],
    ["NULL, '192.0.2.1'", null],
    ["1, '192.0.2.1'", null],
    ["'192.0.2.0', '192.0.2.1'", null],
    ["'192.0.2.0/33', '192.0.2.1'", null],
    ["'192.0.2.0/', '192.0.2.1'", null],
    ["'192.0.2.0/-1', '192.0.2.1'", null],
  ];
  for (const [args, expected] of cases) {
    test(args, () => assert.equal(value(`in_cidr_block(${args})`), expected));
  }
});

describe('community_id_v1', () => {
  /** The specification's definition, spelled out: seed, smaller address, larger, protocol, padding, their ports. */
  function expected(hex: string): string {
    return `1:${createHash('sha1')
      .update(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
      .digest('base64')}`;
  }

  test('both directions are one flow', () => {
    const id = expected('0000 c0000201 c6336407 06 00 c000 01bb');
    assert.equal(value("community_id_v1('192.0.2.1', '198.51.100.7', 49152, 443, 6)"), id);
    assert.equal(value("community_id_v1('198.51.100.7', '192.0.2.1', 443, 49152, 6, 0)"), id);
  });
  test('seed', () => {
    const id = expected('0101 c0000201 c6336407 11 00 0035 ffff');
    assert.equal(value("community_id_v1('192.0.2.1', '198.51.100.7', 53, 65535, 17, 257)"), id);
  });
  test('a machine with itself: the smaller port first', () => {
    const id = expected('0000 7f000001 7f000001 06 00 0050 c000');
    assert.equal(value("community_id_v1('127.0.0.1', '127.0.0.1', 49152, 80, 6)"), id);
  });
  test('IPv6, and IPv4 before IPv6', () => {
    const v6 = '20010db8000000000000000000000001';
    const id = expected(`0000 ffffffff ${v6} 84 00 0001 0002`);
    assert.equal(value("community_id_v1('2001:db8::1', '255.255.255.255', 2, 1, 132)"), id);
  });

  const wrong: readonly [string, string][] = [
    ["'x', '192.0.2.1', 1, 2, 6", 'saddr cannot be parsed as IP'],
    ["'192.0.2.1', '', 1, 2, 6", 'daddr cannot be parsed as IP'],
    ["NULL, '192.0.2.1', 1, 2, 6", 'IPs must be strings'],
    ["'192.0.2.1', '192.0.2.2', '1', 2, 6", 'ports must be integers'],
    ["'192.0.2.1', '192.0.2.2', 1, 65536, 6", 'ports must fit in 2 bytes'],
    ["'192.0.2.1', '192.0.2.2', 1, -1, 6", 'ports must fit in 2 bytes'],
    ["'192.0.2.1', '192.0.2.2', 1, 2, NULL", 'protocol must be an integer'],
    ["'192.0.2.1', '192.0.2.2', 1, 2, 256", 'protocol must fit in 1 byte'],
    ["'192.0.2.1', '192.0.2.2', 1, 2, 6, 'x'", 'seed must be an integer'],
    ["'192.0.2.1', '192.0.2.2', 1, 2, 6, 65536", 'seed must fit in 2 bytes'],
  ];
  for (const [args, message] of wrong) {
    test(args, () => {
      warnings.length = 0;
      assert.equal(value(`community_id_v1(${args})`), null);
      assert.deepEqual(warnings, [`Community ID ${message}`]);
      assert.throws(() => value(`community_id_v1_strict(${args})`), { message: `Community ID ${message}` });
    });
  }
  test('number of arguments', () => {
    assert.throws(() => value("community_id_v1('192.0.2.1', '192.0.2.2', 1, 2)"), /wrong number of arguments/);
  });
});
