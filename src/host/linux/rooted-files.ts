import { closeSync } from 'node:fs';
import { DescriptorFiles } from './descriptor-files.ts';
import { type OpenPath, openInRoot, realPathInRoot } from './open-path.ts';
import { pathOf } from './read-file.ts';
import { openRoot } from './walk-path.ts';

/**
 * The files below a directory as if it were `/`; it may be the root of a hostile container. See
 * `docs/adr/0003-files-below-a-root.md`.
 */
export class RootedFiles extends DescriptorFiles {
  constructor(root: string, open: OpenPath = openInRoot(root)) {
    super({
      open,
      // A block device below the root would be a disk of the live machine.
      devices: false,
      follow: false,
      real: (fd, path) => below(root, pathOf(fd, path)) ?? realPathInRoot(root, path),
    });
  }
}

/** A path of the live machine as one below the root; undefined where it does not seem to lie there, as mounts may have it. */
function below(root: string, path: string): string | undefined {
  const directory = openRoot(root);
  try {
    const top = pathOf(directory, root);
    if (top === '/') return path;
    if (path === top) return '/';
    return path.startsWith(`${top}/`) ? path.slice(top.length) : undefined;
  } finally {
    closeSync(directory);
  }
}
