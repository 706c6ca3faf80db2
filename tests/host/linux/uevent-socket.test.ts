/** Messages about devices, over the kernel's own netlink: what udev says may be said by root, here by the test. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { libc } from '../../../src/host/linux/native.ts';
import { poll } from '../../../src/host/linux/poll.ts';
import { UDEV, UeventSocket } from '../../../src/host/linux/uevent-socket.ts';

const MESSAGES = readFileSync(new URL('../../captures/udev-daemon.txt', import.meta.url), 'latin1')
  .trimEnd()
  .split('\n')
  .map((line) => Buffer.from(line, 'hex'));

/** Far more than a message takes. */
const LIMIT_MS = 10_000;

/** Sends from `from` to groups of sockets, or to one; whether it may. */
function send(from: UeventSocket, bytes: Buffer, { groups = 0, to = 0 }): boolean {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(16);
  address.writeUInt32LE(to, 4);
  address.writeUInt32LE(groups, 8);
  const call = libc(
    'intptr_t sendto(int fd, const void *data, size_t length, int flags, const void *address, uint32_t size)',
  );
  return call(from.fd, bytes, bytes.length, 0, address, address.length) === bytes.length;
}

/** The number of a socket, by which others send to it alone. */
function portOf({ fd }: UeventSocket): number {
  const address = Buffer.alloc(12);
  const size = Buffer.from(Uint32Array.of(address.length).buffer);
  libc('int getsockname(int fd, void *address, void *size)')(fd, address, size);
  return address.readUInt32LE(4);
}

function next(socket: UeventSocket): ReturnType<UeventSocket['receive']> {
  poll([socket.fd], LIMIT_MS);
  return socket.receive();
}

test('what root says to the group of udev is heard, in its order; what it says to one alone is not', (t) => {
  using hears = new UeventSocket(UDEV);
  using says = new UeventSocket(0);
  assert.equal(hears.receive(), undefined);
  if (!send(says, MESSAGES[0]!, { groups: UDEV })) return t.skip('only root may say what udev says');
  for (const message of MESSAGES.slice(1)) send(says, message, { groups: UDEV });
  for (const message of MESSAGES) assert.deepEqual(next(hears), message);
  assert.ok(send(says, MESSAGES[0]!, { to: portOf(hears) }));
  assert.equal(next(hears), 'untrusted');
  assert.ok(send(says, Buffer.alloc(100_000, 'x'), { groups: UDEV }));
  assert.equal(next(hears), 'oversized');
  assert.ok(send(says, MESSAGES[1]!, { groups: UDEV }));
  assert.deepEqual(next(hears), MESSAGES[1]);
});

test('beyond what the kernel keeps for us, it says that some are lost', (t) => {
  using hears = new UeventSocket(UDEV);
  using says = new UeventSocket(0);
  const message = Buffer.alloc(15_000, 'x');
  if (!send(says, message, { groups: UDEV })) return t.skip('only root may say what udev says');
  for (let i = 0; i < 2000; i++) send(says, message, { groups: UDEV });
  let heard = 0;
  let lost = 0;
  for (let one = next(hears); one !== undefined; one = hears.receive()) {
    if (one === 'overrun') lost += 1;
    else heard += 1;
  }
  assert.ok(heard > 0 && heard < 2000 && lost > 0, `${heard} heard, ${lost} said to be lost`);
});
