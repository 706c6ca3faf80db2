/** Links on the way, as the kernel follows them, `path_resolution(7)`. */
const MOST_LINKS = 40;

/**
 * Follows an absolute path, link by link, until `stops` says so, and gives where that is; else where it leads. `linkAt`:
 * where a link leads, undefined for what is none.
 */
export function followPath(
  path: string,
  linkAt: (path: string) => string | undefined,
  stops: (path: string) => boolean,
  start = '',
): string {
  let at = start;
  let links = 0;
  const rest = path.split('/').reverse();
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
      continue;
    }
    const next = `${at}/${name}`;
    if (stops(next)) return next;
    const target = links < MOST_LINKS ? linkAt(next) : undefined;
    if (target === undefined) at = next;
    else {
      links += 1;
      if (target.startsWith('/')) at = '';
      rest.push(...target.split('/').reverse());
    }
  }
  return at === '' ? '/' : at;
}
