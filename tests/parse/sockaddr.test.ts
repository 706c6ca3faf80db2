import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSocketAddress } from '../../src/parse/sockaddr.ts';

const parse = (hex: string) => parseSocketAddress(Buffer.from(hex, 'hex'));
const unix = (name: string) => parseSocketAddress(Buffer.from(`\x01\0${name}`))?.address;

test('addresses of every family', () => {
  assert.deepEqual(parse('0200CDF37F0000010000000000000000'), { family: 2, address: '127.0.0.1', port: 52723 });
  assert.deepEqual(parse('0A00E6660000000020010DB800000000000000000000000100000000'), {
    family: 10,
    address: '2001:db8::1',
    port: 58982,
  });
  assert.deepEqual(parse('100000000700000001000000'), { family: 16, address: '7', port: 0 });
  assert.deepEqual(parse('11000003020000000000000000000000'), { family: 17, address: '', port: 0 });
  assert.equal(unix('/tmp/a socket\0rubbish'), '/tmp/a socket');
  // As long as the kernel lets it be, without a zero at its end.
  assert.equal(unix('x'.repeat(108)), 'x'.repeat(108));
  // In no directory, with a zero in its name; without a name.
  assert.deepEqual([unix('\0ab\0c'), unix(''), unix('\0')], ['@ab@c', '', '']);
});

test('what is shorter than its family has it', () => {
  for (const hex of ['', '02', '0200CDF37F0000', '0A00E66600000000200100']) assert.equal(parse(hex), undefined, hex);
});
