import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from 'node:fs';
import { UserError } from '../../base/errors.ts';
import { notOurs } from './trusted-path.ts';

const { O_NOFOLLOW, O_NONBLOCK } = constants;

/** A file that somebody else could have put where ours belongs. */
export class NotOurFile extends UserError {
  override readonly name = 'NotOurFile';
  readonly reason: string;

  constructor(path: string, reason: string) {
    super(`${path} is not used, as ${reason}: remove it, or start with --allow_unsafe`);
    this.reason = reason;
  }
}

export interface OwnFileOptions {
  /** `--allow_unsafe`: links are followed, and it may be anybody's and anything. Nobody waits for a pipe all the same. */
  readonly unsafe?: boolean;
  /** `identityOf` a file that was ours when it was last opened: whoever may link to it can give it a second name meanwhile. */
  readonly known?: string | undefined;
}

/** Tells a file from others, whatever they are called. */
export function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

/**
 * Opens a file that we write: a regular one of root or the user we run as, with one name, and no link. Throws `NotOurFile`
 * with path and reason for anything else, and what `node:fs` throws.
 */
export function openOwn(
  path: string,
  flags: number,
  mode: number,
  { unsafe = false, known }: OwnFileOptions = {},
): number {
  if (unsafe) return openSync(path, flags | O_NONBLOCK, mode);
  let fd: number;
  try {
    fd = openSync(path, flags | O_NOFOLLOW | O_NONBLOCK, mode);
  } catch (cause) {
    // The kernel does not open links, sockets, pipes that nobody reads, or others' files in a directory such as /tmp.
    const stats = lstatSync(path, { throwIfNoEntry: false });
    const reason = stats && notOurs(stats);
    throw reason === undefined ? cause : new NotOurFile(path, reason);
  }
  const stats = fstatSync(fd);
  const reason = identityOf(stats) === known ? undefined : notOurs(stats);
  if (reason === undefined) return fd;
  closeSync(fd);
  throw new NotOurFile(path, reason);
}
