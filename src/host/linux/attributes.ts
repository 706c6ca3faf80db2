import { HostError } from '../../base/errors.ts';
import { decodeText } from '../../base/text.ts';
import type { Attributes } from '../host.ts';
import { errnoName } from './errors.ts';
import { errno, libc } from './native.ts';

/** `XATTR_LIST_MAX` and `XATTR_SIZE_MAX`, include/uapi/linux/limits.h: the kernel gives no more than this. */
const MAX_BYTES = 65536;

/**
 * Bytes of values that are held of one file: on XFS and Btrfs a user may give it 9,000 attributes of 64 KiB. ACLs,
 * capabilities and labels take a few hundred.
 */
const MAX_VALUES = 1024 * 1024;

/** `xattr(7)`: names to values. An attribute that may not be read, or that went meanwhile, is left out. */
export function readAttributes(at: string | Buffer, path: string): Attributes {
  const list = libc('intptr_t listxattr(const void *path, void *list, size_t size)');
  const get = libc('intptr_t getxattr(const void *path, const void *name, void *value, size_t size)');
  const attributes = new HeldAttributes();
  const file = cString(at);
  const names = Buffer.allocUnsafe(MAX_BYTES);
  const length: number = list(file, names, MAX_BYTES);
  if (length < 0) {
    const code = errnoName(errno());
    // The file system has none.
    if (code === 'ENOTSUP' || code === 'EOPNOTSUPP') return attributes;
    throw new HostError(code, path, 'listxattr');
  }
  const value = Buffer.allocUnsafe(MAX_BYTES);
  let held = 0;
  // Those that only root or the kernel may set come first: nobody pushes them out.
  for (const ofUsers of [false, true]) {
    for (let start = 0; start < length; ) {
      const end = names.indexOf(0, start);
      if (end < start || end >= length) break;
      const name = names.subarray(start, end + 1);
      start = end + 1;
      if (name.toString('latin1', 0, USER.length).startsWith(USER) !== ofUsers) continue;
      const count: number = get(file, name, value, MAX_BYTES);
      if (count < 0) continue;
      held += count;
      if (held > MAX_VALUES) attributes.leftOut += 1;
      else attributes.set(decodeText(name, 0, name.length - 1), Buffer.from(value.subarray(0, count)));
    }
  }
  return attributes;
}

const USER = 'user.';

class HeldAttributes extends Map<string, Buffer> implements Attributes {
  leftOut = 0;
}

/** Bytes with a NUL at the end; a NUL inside would name another file. */
function cString(path: string | Buffer): Buffer {
  const bytes = Buffer.from(path as string);
  if (bytes.includes(0)) throw new HostError('ENOENT', bytes.toString(), 'listxattr');
  return Buffer.concat([bytes, Buffer.of(0)]);
}
