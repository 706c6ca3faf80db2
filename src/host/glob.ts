import type { Files } from './host.ts';
import { entries, type Found, look, roomFor, type WalkOptions, walk } from './walk.ts';
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
export function expand(files: Files, pattern: string, options: ExpandOptions = {}): Iterable<Found> {
  const patterns = alternatives(pattern);
  const [single] = patterns;
  // The common case goes without the generators of the others, which a walk feels.
  const found = patterns.length === 1 ? expandOne(files, single!, options) : expandAll(files, patterns, options);
  return options.only === undefined ? found : filtered(found, options.only);
}

function* expandAll(files: Files, patterns: readonly string[], options: ExpandOptions): Generator<Found> {
  for (const pattern of patterns) yield* expandOne(files, pattern, options);
}

function* filtered(found: Iterable<Found>, only: 'directories' | 'files'): Generator<Found> {
  for (const one of found) if ((only === 'directories') === one.path.endsWith('/')) yield one;
}

/** Whether a path has wildcards: without, it is one file. */
export function isPattern(path: string): boolean {
  return /[%*?[{\\]/.test(path);
}

function expandOne(files: Files, pattern: string, options: ExpandOptions): Iterable<Found> {
  if (!pattern.startsWith('/')) return [];
  const found = matches(files, pattern, options);
  if (!/[%*]{2}$/.test(pattern)) return found;
  return walk(files, found, options, /^(.*\/)[%*]+$/.exec(pattern)?.[1]);
}

/** `glob(3)`: the paths whose components fit, one by one. */
function* matches(files: Files, pattern: string, options: ExpandOptions): Generator<Found> {
  const components = pattern.split('/').filter((component) => component !== '');
  const directoriesOnly = pattern.endsWith('/');
  if (components.length === 0) yield { path: '/', kind: 'directory' };
  /** Of a directory that was read before, `skip` directories in it were visited. */
  const pending = [{ directory: '/', skip: 0, index: 0 }];
  for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
    const { directory, skip, index } = step;
    const component = components[index];
    if (component === undefined) continue;
    const last = index === components.length - 1;
    const fits = wildcard(component);
    if (fits === undefined) {
      const path = directory + literal(component);
      if (!last) {
        pending.push({ directory: `${path}/`, skip: 0, index: index + 1 });
        continue;
      }
      const found = look(files, path, options);
      if (found !== undefined && (!directoriesOnly || found.path.endsWith('/'))) yield found;
      continue;
    }
    const below: string[] = [];
    const room = roomFor(pending.length);
    let directories = 0;
    let more = false;
    for (const found of entries(files, directory, options, fits)) {
      const isDirectory = found.path.endsWith('/');
      if (last) {
        if (isDirectory || !directoriesOnly) yield found;
      } else if (isDirectory && directories++ >= skip) {
        more = below.length >= room;
        if (more) break;
        below.push(found.path);
      }
    }
    if (more) pending.push({ directory, skip: skip + room, index });
    while (below.length > 0) pending.push({ directory: below.pop()!, skip: 0, index: index + 1 });
  }
}
