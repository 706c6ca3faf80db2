import { closeSync, constants } from 'node:fs';
import { HostError } from '../../base/errors.ts';
import { AT_FDCWD, openat2, RESOLVE } from './openat2.ts';
import { O_FIND, openRoot, Walk } from './walk-path.ts';

/** An O_PATH descriptor, which the caller closes, of what `path` names. Throws `HostError`. */
export type OpenPath = (path: string, follow: boolean, operation: string) => number;

/** On the machine we run on. No link of procfs is followed, wherever on the path it lies: there ELOOP is thrown. */
export const openPath: OpenPath = (path, follow, operation) =>
  kernelWalk(AT_FDCWD, path, follow, operation, RESOLVE.noMagicLinks) ?? walk('/', path, follow, operation);

/** Where `root` is `/`: no link and no `..` leads out of it, also when someone changes the tree meanwhile. */
export function openInRoot(root: string): OpenPath {
  return (path, follow, operation) => {
    const directory = openRoot(root);
    try {
      return (
        kernelWalk(directory, path, follow, operation, RESOLVE.inRoot | RESOLVE.noMagicLinks) ??
        walk(root, path, follow, operation)
      );
    } finally {
      closeSync(directory);
    }
  };
}

/** The same without `openat2`: 27 microseconds instead of 4. */
export function walkInRoot(root: string): OpenPath {
  return (path, follow, operation) => walk(root, path, follow, operation);
}

/** The path below the root with every link resolved. */
export function realPathInRoot(root: string, path: string): string {
  using steps = new Walk(root, path, 'realpath');
  steps.to(path, true);
  return steps.path;
}

function walk(root: string, path: string, follow: boolean, operation: string): number {
  using steps = new Walk(root, path, operation);
  steps.to(path, follow);
  return steps.take();
}

/** A link or a `..` that the kernel is not sure of, because something is being moved: we have to walk ourselves. */
const NOT_BY_KERNEL = new Set(['EXDEV', 'EAGAIN']);

function kernelWalk(
  directory: number,
  path: string,
  follow: boolean,
  operation: string,
  resolve: number,
): number | undefined {
  const flags = follow ? O_FIND : O_FIND | constants.O_NOFOLLOW;
  const opened = openat2(directory, path, { flags, resolve }, operation);
  if (typeof opened !== 'string') return opened;
  if (NOT_BY_KERNEL.has(opened)) return undefined;
  throw new HostError(opened, path, operation);
}
