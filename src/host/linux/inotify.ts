import { HostError } from '../../base/errors.ts';
import { encodeText } from '../../base/text.ts';
import { errnoName } from './errors.ts';
import { addressOf, errno, libc } from './native.ts';

/** `inotify_init1(2)`. */
const IN_NONBLOCK = 0o4000;
const IN_CLOEXEC = 0o2000000;
/** `inotify_add_watch(2)`: only what is a directory. */
const IN_ONLYDIR = 0x01000000;
/** Some hundred events with names of common length. */
const BUFFER = 64 * 1024;

/** Watches of directories, `inotify(7)`. */
export class Inotify implements Disposable {
  readonly fd: number;
  readonly #buffer = Buffer.alloc(BUFFER);
  readonly #address = addressOf(this.#buffer);
  readonly #read = libc('intptr_t read(int fd, uintptr_t data, size_t length)');
  readonly #add = libc('int inotify_add_watch(int fd, const void *path, uint32_t mask)');

  /** Throws `HostError`. */
  constructor() {
    this.fd = libc('int inotify_init1(int flags)')(IN_NONBLOCK | IN_CLOEXEC);
    if (this.fd < 0) throw new HostError(errnoName(errno()), 'inotify', 'open');
  }

  /** What it holds open. */
  get descriptors(): readonly number[] {
    return [this.fd];
  }

  /** The number of the watch, that of a directory that is watched already too; or why not: an errno name. */
  add(path: string, mask: number): number | string {
    const watch: number = this.#add(this.fd, Buffer.concat([encodeText(path), NUL]), mask | IN_ONLYDIR);
    return watch < 0 ? errnoName(errno()) : watch;
  }

  remove(watch: number): void {
    libc('int inotify_rm_watch(int fd, int watch)')(this.fd, watch);
  }

  /** Events that came, good until the next call; empty where there are none. */
  read(): Buffer {
    const length: number = this.#read(this.fd, this.#address, BUFFER);
    return this.#buffer.subarray(0, Math.max(length, 0));
  }

  [Symbol.dispose](): void {
    libc('int close(int fd)')(this.fd);
  }
}

const NUL = Buffer.alloc(1);
