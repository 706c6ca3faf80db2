import { getSystemErrorName } from 'node:util';
import { HostError } from '../../base/errors.ts';
import { encodeText } from '../../base/text.ts';

/** What `node:fs` threw, as a `HostError`; anything that is not a refusal of the system stays what it is. */
export function hostError(cause: unknown, path: string, operation: string): unknown {
  if (!(cause instanceof Error) || cause instanceof HostError) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  // A path with a NUL in it is refused before the kernel sees it; no such file can be.
  if (code === 'ERR_INVALID_ARG_VALUE') return new HostError('ENOENT', path, operation);
  return code !== undefined && /^E[A-Z0-9]+$/.test(code) ? new HostError(code, path, operation) : cause;
}

export function errnoName(errno: number): string {
  try {
    return getSystemErrorName(-errno);
  } catch {
    return `E${errno}`;
  }
}

/** A path as `node:fs` wants it: text, or bytes where the text has escaped ones. A relative path names nothing. */
export function native(path: string): string | Buffer {
  if (!path.startsWith('/')) throw new HostError('ENOENT', path, 'open');
  return path.isWellFormed() ? path : encodeText(path);
}
