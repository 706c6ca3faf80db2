import { HostError } from '../../base/errors.ts';
import { decodeText } from '../../base/text.ts';
import { errnoName } from './errors.ts';
import { errno, libc } from './native.ts';

/** `XATTR_LIST_MAX` and `XATTR_SIZE_MAX`, include/uapi/linux/limits.h: the kernel gives no more than this. */
const MAX_BYTES = 65536;

/** `xattr(7)`: names to values. An attribute that may not be read, or that went meanwhile, is left out. */
export function readAttributes(at: string | Buffer, path: string): ReadonlyMap<string, Buffer> {
  const list = libc('intptr_t listxattr(const void *path, void *list, size_t size)');
  const get = libc('intptr_t getxattr(const void *path, const void *name, void *value, size_t size)');
  const attributes = new Map<string, Buffer>();
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
  for (let start = 0; start < length; ) {
    const end = names.indexOf(0, start);
    if (end < start || end >= length) break;
    const count: number = get(file, names.subarray(start, end + 1), value, MAX_BYTES);
    if (count >= 0) attributes.set(decodeText(names, start, end), Buffer.from(value.subarray(0, count)));
    start = end + 1;
  }
  return attributes;
}

/** Bytes with a NUL at the end; a NUL inside would name another file. */
function cString(path: string | Buffer): Buffer {
  const bytes = Buffer.from(path as string);
  if (bytes.includes(0)) throw new HostError('ENOENT', bytes.toString(), 'listxattr');
  return Buffer.concat([bytes, Buffer.of(0)]);
}
