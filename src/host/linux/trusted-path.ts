import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** As many links as the kernel follows, `path_resolution(7)`. */
const MOST_LINKS = 40;
const STICKY = 0o1000;
const OTHERS_WRITE = 0o002;

export interface TrustOptions {
  /** Whether the path itself may be a directory such as /tmp: everybody writes there, but only to what is theirs. */
  readonly stickyEnd?: boolean;
  /** Whose process this is. */
  readonly uid?: number;
}

/**
 * Why somebody else may put something of theirs where a path leads; undefined where nobody can: each directory on the way, and
 * each link, belongs to root or to the user we run as, and not everybody may write there, as with OpenSSH's `StrictModes`. A
 * group that may write is trusted: /var/log of Ubuntu is so. What is not there yet will be made by us.
 */
export function distrusted(path: string, options: TrustOptions = {}): string | undefined {
  const { stickyEnd = false, uid = process.geteuid?.() ?? 0 } = options;
  const rest = resolve(path).split('/').filter(Boolean);
  let links = 0;
  let at = '/';
  let reason = reasonAgainst(at, ifThere(at), uid, rest.length > 0 || stickyEnd);
  while (reason === undefined && rest.length > 0) {
    const name = rest.shift()!;
    if (name === '..') {
      at = dirname(at);
      continue;
    }
    const next = join(at, name);
    const stats = ifThere(next);
    if (stats === undefined) return undefined;
    reason = reasonAgainst(next, stats, uid, rest.length > 0 || stickyEnd);
    if (!stats.isSymbolicLink()) at = next;
    else if (++links > MOST_LINKS) return `${next}: too many links`;
    else {
      const target = readlinkSync(next);
      if (target.startsWith('/')) at = '/';
      rest.unshift(...target.split('/').filter((part) => part !== '' && part !== '.'));
    }
  }
  return reason;
}

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** Why a file that is open is not ours alone; undefined where it is. */
export function notOurs(stats: Stats, uid: number = process.geteuid?.() ?? 0): string | undefined {
  if (!stats.isFile()) return `it is ${kindOf(stats)}`;
  if (stats.uid !== 0 && stats.uid !== uid) return `it belongs to user ${stats.uid}`;
  return stats.nlink > 1 ? 'it has a second name, a hard link' : undefined;
}

function reasonAgainst(path: string, stats: Stats | undefined, uid: number, stickyIsFine: boolean): string | undefined {
  if (stats === undefined) return undefined;
  if (stats.uid !== 0 && stats.uid !== uid) return `${path} belongs to user ${stats.uid}`;
  if (!stats.isDirectory() || (stats.mode & OTHERS_WRITE) === 0) return undefined;
  return stickyIsFine && (stats.mode & STICKY) !== 0 ? undefined : `everybody may write to ${path}`;
}

/** Undefined where there is nothing, or we may not look. */
function ifThere(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSymbolicLink()) return 'a link';
  return stats.isSocket() ? 'a socket' : 'a device';
}
