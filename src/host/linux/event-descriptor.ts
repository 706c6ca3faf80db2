import { HostError } from '../../base/errors.ts';
import { errnoName } from './errors.ts';
import { addressOf, errno, libc } from './native.ts';

/** `eventfd(2)`. */
const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;

/** Makes a descriptor that threads wake each other with, who wait in `poll(2)`. Throws `HostError`. */
export function makeEventDescriptor(): number {
  const fd: number = libc('int eventfd(unsigned int value, int flags)')(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) throw new HostError(errnoName(errno()), 'eventfd', 'open');
  return fd;
}

/** Makes it readable. */
export function signal(fd: number): void {
  libc('intptr_t write(int fd, const void *data, size_t length)')(fd, ONE, ONE.length);
}

/** Until it is signalled again there is nothing to be read. */
export function clearSignal(fd: number): void {
  libc('intptr_t read(int fd, uintptr_t data, size_t length)')(fd, addressOf(READ), READ.length);
}

/** Closes descriptors that another thread has opened, and does not use any more. */
export function closeDescriptors(descriptors: readonly number[]): void {
  for (const fd of descriptors) libc('int close(int fd)')(fd);
}

const ONE = Buffer.from(BigUint64Array.of(1n).buffer);
const READ = Buffer.alloc(8);
