import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResolvConf } from '../../src/parse/resolv-conf.ts';

const DEFAULT = 0x2c1;

test('an empty file asks this machine, and searches the domain of its name', () => {
  assert.deepEqual(parseResolvConf('', 'web-1.example.org'), {
    nameservers: ['127.0.0.1'],
    search: ['example.org'],
    sortlist: [],
    options: DEFAULT,
  });
  assert.deepEqual(parseResolvConf('', 'web-1').search, []);
});

test('the last of search and domain counts', () => {
  assert.deepEqual(parseResolvConf('search a.example b.example\ndomain c.example d.example').search, ['c.example']);
  assert.deepEqual(parseResolvConf('domain c.example\nsearch a.example\tb.example ').search, [
    'a.example',
    'b.example',
  ]);
});

test('three servers at most, in one spelling; what is no address is none', () => {
  const content = 'nameserver 2001:DB8:0::1\n nameserver 192.0.2.9\nnameserver x\nnameserver 192.0.2.1\n';
  assert.deepEqual(parseResolvConf(`${content}nameserver 192.0.2.2\nnameserver 192.0.2.3`).nameservers, [
    '2001:db8::1',
    '192.0.2.1',
    '192.0.2.2',
  ]);
});

test('options are bits', () => {
  assert.equal(
    parseResolvConf('options rotate trust-ad timeout:1\noptions no-aaaa').options,
    DEFAULT | 0x4000 | 0x4000000 | 0x8000000,
  );
});

test('options as glibc compares them: their beginning, and debug is none', () => {
  for (const [words, bits] of [
    ['debug', 0],
    ['edns0#x', 0x100000],
    ['single-request', 0x200000],
    ['single-request-reopenX', 0x400000],
    ['single-requestX', 0x200000],
    ['edns', 0],
    ['rotate\r', 0x4000],
  ] as const) {
    assert.equal(parseResolvConf(`options ${words}\n`).options, DEFAULT | bits, words);
  }
});

test('servers as inet_aton takes them', () => {
  for (const [text, address] of [
    ['127.1', '127.0.0.1'],
    ['0x0a000001', '10.0.0.1'],
    ['010.1.1.1', '8.1.1.1'],
    ['16909060', '1.2.3.4'],
    ['1.2.65535', '1.2.255.255'],
    ['1.2.65536', '127.0.0.1'],
    ['1.2.3.4x', '127.0.0.1'],
    ['1.2.3.4.5', '127.0.0.1'],
  ] as const) {
    assert.deepEqual(parseResolvConf(`nameserver ${text}\n`).nameservers, [address], text);
  }
});

test('networks of the sort list have the mask of their class, or their own', () => {
  const { sortlist } = parseResolvConf('sortlist 10.0.0.0 172.16.0.0 192.0.2.0 192.0.2.64/255.255.255.192 junk');
  assert.deepEqual(
    sortlist.map(({ prefixLength }) => prefixLength),
    [8, 16, 24, 26],
  );
});
