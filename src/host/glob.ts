import type { Files } from './host.ts';
import { entries, type Found, look, type WalkOptions, walk } from './walk.ts';
import { alternatives, literal, wildcard } from './wildcard.ts';

export type { Found } from './walk.ts';

export interface ExpandOptions extends WalkOptions {
  /** Only what leads to a directory, or only what does not; default both. */
  readonly only?: 'directories' | 'files';
}

/**
 * The files a path pattern stands for, found while the caller pulls. Wildcards are those of `wildcard.ts` in each
 * component; a `%%` or `**` at the end matches on all levels below (elsewhere it is a `%`).
 *
 * | pattern | yields |
 * |---|---|
 * | `/usr/%` | `/usr/bin/`, `/usr/lib/`, …: one level, without hidden files |
 * | `/usr/%%` | the same, and everything below each of them, hidden files too |
 * | `/bin/%sh` | names that end in `sh` |
 * | `/etc/%/` | directories only |
 * | `/etc/hosts` | itself, if it is there |
 *
 * Directories, and links to them, end in `/`. In no particular order.
 */
export function* expand(files: Files, pattern: string, options: ExpandOptions = {}): Generator<Found> {
  const { only } = options;
  for (const alternative of alternatives(pattern)) {
    for (const found of expandOne(files, alternative, options)) {
      if (only === undefined || (only === 'directories') === found.path.endsWith('/')) yield found;
    }
  }
}

/** Whether a path has wildcards: without, it is one file. */
export function isPattern(path: string): boolean {
  return /[%*?[{\\]/.test(path);
}

function* expandOne(files: Files, pattern: string, options: ExpandOptions): Generator<Found> {
  if (!pattern.startsWith('/')) return;
  const found = matches(files, pattern, options);
  if (!/[%*]{2}$/.test(pattern)) yield* found;
  else yield* walk(files, found, options, /^(.*\/)[%*]+$/.exec(pattern)?.[1]);
}

/** `glob(3)`: the paths whose components fit, one by one. */
function* matches(files: Files, pattern: string, options: ExpandOptions): Generator<Found> {
  const components = pattern.split('/').filter((component) => component !== '');
  const directoriesOnly = pattern.endsWith('/');
  if (components.length === 0) yield { path: '/', kind: 'directory' };
  const pending = [{ directory: '/', index: 0 }];
  for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
    const { directory, index } = step;
    const component = components[index];
    if (component === undefined) continue;
    const last = index === components.length - 1;
    const fits = wildcard(component);
    if (fits === undefined) {
      const path = directory + literal(component);
      if (!last) {
        pending.push({ directory: `${path}/`, index: index + 1 });
        continue;
      }
      const found = look(files, path, options);
      if (found !== undefined && (!directoriesOnly || found.path.endsWith('/'))) yield found;
      continue;
    }
    const below: string[] = [];
    for (const found of entries(files, directory, options, fits)) {
      const isDirectory = found.path.endsWith('/');
      if (!last && isDirectory) below.push(found.path);
      if (last && (isDirectory || !directoriesOnly)) yield found;
    }
    while (below.length > 0) pending.push({ directory: below.pop()!, index: index + 1 });
  }
}
