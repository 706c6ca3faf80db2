import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedInput } from '../../src/base/errors.ts';
import { parseInterfaceAddress, parseLink, parseRoute } from '../../src/parse/rtnetlink.ts';
import { loadMachine } from '../../src/testing/machines.ts';

const attribute = (type: number, value: string | readonly number[]): Buffer => {
  const body = typeof value === 'string' ? Buffer.from(`${value}\0`) : Buffer.from(value);
  const header = Buffer.alloc(4);
  header.writeUInt16LE(4 + body.length, 0);
  header.writeUInt16LE(type, 2);
  return Buffer.concat([header, body, Buffer.alloc(-body.length & 3)]);
};

test('a route over two interfaces has two next hops', () => {
  const hop = (index: number, last: number) => [16, 0, 0, 0, index, 0, 0, 0, 8, 0, 5, 0, 192, 0, 2, last];
  const header = [2, 24, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0];
  const payload = Buffer.concat([
    Buffer.from(header),
    attribute(1, [203, 0, 113, 0]),
    attribute(9, [...hop(2, 1), ...hop(3, 9)]),
  ]);
  const route = parseRoute(payload);
  assert.equal(route.destination, '203.0.113.0');
  assert.deepEqual(route.nextHops, [
    { interfaceIndex: 2, gateway: '192.0.2.1' },
    { interfaceIndex: 3, gateway: '192.0.2.9' },
  ]);
});

test('an IPv4 route may go by way of an IPv6 router', () => {
  const via = [10, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  const payload = Buffer.concat([Buffer.from([2, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0]), attribute(18, via)]);
  assert.deepEqual(parseRoute(payload).nextHops, [{ interfaceIndex: 0, gateway: 'fe80::1' }]);
});

test('attributes of the wrong size count as absent', () => {
  const payload = Buffer.concat([
    Buffer.from([2, 24, 0, 0, 7, 0, 0, 0]),
    attribute(1, [192, 0, 2]),
    attribute(2, [192, 0, 2, 1, 9]),
    attribute(3, 'eth0:1'),
  ]);
  const address = parseInterfaceAddress(payload);
  assert.equal(address.address, undefined);
  assert.equal(address.local, undefined);
  assert.equal(address.label, 'eth0:1');
  assert.equal(address.index, 7);
});

test('the flags of an attribute type do not hide it', () => {
  const header = Buffer.alloc(16);
  header.writeInt32LE(5, 4);
  const link = parseLink(
    Buffer.concat([header, attribute(18 | 0x8000, [...attribute(1, 'veth')]), attribute(3, 'v0')]),
  );
  assert.equal(link.kind, 'veth');
  assert.equal(link.name, 'v0');
  assert.equal(link.index, 5);
});

/** xorshift32: the same cuts and flips in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

test('cut and flipped messages parse or are malformed, and nothing else', () => {
  const kernel = loadMachine('debian').kernel!;
  const parsers = [
    [18, parseLink],
    [22, parseInterfaceAddress],
    [26, parseRoute],
  ] as const;
  const pick = random(20240601);
  for (const [request, parse] of parsers) {
    const messages = [...kernel.netlinkDump(0, request, new Uint8Array())].map(({ payload }) => payload);
    assert.ok(messages.length > 5);
    for (let round = 0; round < 3000; round++) {
      const message = Buffer.from(messages[pick(messages.length)]!);
      const bytes = message.subarray(0, round % 3 === 0 ? message.length : pick(message.length + 1));
      for (let flips = pick(4); flips > 0 && bytes.length > 0; flips--) bytes[pick(bytes.length)] = pick(256);
      try {
        parse(bytes);
      } catch (cause) {
        assert.ok(cause instanceof MalformedInput, `${cause} for ${bytes.toString('hex')}`);
        assert.ok(bytes.length < 16, `only a cut header is malformed: ${bytes.toString('hex')}`);
      }
    }
  }
});
