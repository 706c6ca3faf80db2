import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { HostError } from '../../base/errors.ts';
import { decodeText } from '../../base/text.ts';
import { errnoName, hostError, native } from './errors.ts';
import { errno, libc } from './native.ts';
import { O_CLOEXEC, O_PATH } from './read-file.ts';

export const O_FIND = O_PATH | O_CLOEXEC;
const O_ROOT = O_FIND | constants.O_DIRECTORY;

/** `PATH_MAX`, include/uapi/linux/limits.h */
const MAX_TARGET_BYTES = 4096;

/** The target of the link that an O_PATH descriptor stands for; EINVAL where it is none. */
export function readLinkAt(fd: number, path: string): string {
  const target = Buffer.allocUnsafe(MAX_TARGET_BYTES);
  const read = libc('intptr_t readlinkat(int fd, const char *path, void *into, size_t size)');
  const length: number = read(fd, '', target, target.length);
  if (length >= 0) return decodeText(target, 0, length);
  const code = errnoName(errno());
  // With an empty path the kernel says ENOENT for what is not a link, readlink(2).
  throw new HostError(code === 'ENOENT' ? 'EINVAL' : code, path, 'readlink');
}

/** An O_PATH descriptor of a directory that becomes `/`. It may be a link of procfs: who gives it knows what it is. */
export function openRoot(root: string): number {
  try {
    return openSync(root, O_ROOT);
  } catch (cause) {
    throw hostError(cause, root, 'open');
  }
}

/** As the kernel has it, `path_resolution(7)`. */
const MAX_LINKS = 40;

/**
 * `path_resolution(7)` by hand. Each component is found below the descriptor of the one before, which nobody can
 * exchange, and `..` goes back to the descriptor that we came through. A link of procfs is what its text says.
 */
export class Walk implements Disposable {
  readonly #steps: { readonly name: string; readonly fd: number }[];
  readonly #shown: string;
  readonly #operation: string;

  /** Errors say `shown`. */
  constructor(root: string, shown: string, operation: string) {
    this.#steps = [{ name: '', fd: openRoot(root) }];
    this.#shown = shown;
    this.#operation = operation;
  }

  get path(): string {
    return `/${this.#steps
      .slice(1)
      .map(({ name }) => name)
      .join('/')}`;
  }

  to(path: string, follow: boolean): void {
    const rest = path.split('/').reverse();
    let links = 0;
    if (!path.startsWith('/')) this.#fail('ENOENT');
    while (rest.length > 0) {
      const name = rest.pop()!;
      if (!this.#is('isDirectory')) this.#fail('ENOTDIR');
      if (name === '' || name === '.') continue;
      if (name === '..') {
        this.#leave();
        continue;
      }
      this.#enter(name);
      if (!this.#is('isSymbolicLink') || (rest.length === 0 && !follow)) continue;
      if (++links > MAX_LINKS) this.#fail('ELOOP');
      const target = readLinkAt(this.#last.fd, this.#shown);
      this.#leave();
      if (target.startsWith('/')) while (this.#steps.length > 1) this.#leave();
      for (const part of target.split('/').reverse()) rest.push(part);
    }
  }

  /** The descriptor of where the walk has come to, from now on the caller's. */
  take(): number {
    return this.#steps.pop()!.fd;
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#steps.splice(0)) closeSync(fd);
  }

  get #last() {
    return this.#steps.at(-1)!;
  }

  #is(kind: 'isDirectory' | 'isSymbolicLink'): boolean {
    return fstatSync(this.#last.fd)[kind]();
  }

  #enter(name: string): void {
    try {
      const at = native(`/proc/self/fd/${this.#last.fd}/${name}`);
      this.#steps.push({ name, fd: openSync(at, O_FIND | constants.O_NOFOLLOW) });
    } catch (cause) {
      throw hostError(cause, this.#shown, this.#operation);
    }
  }

  #leave(): void {
    if (this.#steps.length > 1) closeSync(this.#steps.pop()!.fd);
  }

  #fail(code: string): never {
    throw new HostError(code, this.#shown, this.#operation);
  }
}
