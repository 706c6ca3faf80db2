import { createDigest, type DigestName, digestOf, fill, PIECE, sharedPiece } from '../../base/digest.ts';
import { HostError, ifReadable } from '../../base/errors.ts';
import type { FileStat, Files, OpenFile } from '../../host/host.ts';
import { integer, text } from '../../schema/columns.ts';
import { foundFiles, locationOf, parentOf } from '../../schema/found-files.ts';
import { mountNamespaces } from '../../schema/mount-namespaces.ts';
import { perMachine, RecentShares } from '../../schema/recent-shares.ts';
import { table } from '../../schema/table.ts';

const NAMES = ['md5', 'sha1', 'sha256'] as const;

type Digests = Partial<Record<DigestName, string>>;

/** Digests of files that were hashed before, by what tells that a file is still the same. */
class DigestCache {
  readonly #entries = new Map<string, Digests>();

  get(key: string): Digests {
    return this.#entries.get(key) ?? {};
  }

  set(key: string, digests: Digests, limit: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, digests);
    // A Map keeps the order of insertion: the first is the one that was not asked for the longest.
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= limit) break;
      this.#entries.delete(oldest);
    }
  }
}

/** Held by the files they are of, so that no two machines share a cache, and it goes with them. */
const caches = new WeakMap<Files, DigestCache>();

/** Files that the kernel makes up say that they are empty. Others that do are. */
const MADE_BY_KERNEL = /^\/(?:proc|sys)\//;

/**
 * Bytes of each owner's files that were digested in the last ten minutes. A hole of terabytes costs its owner nothing, and
 * 100 files of a gigabyte little. To open a file takes as long as to digest 4 KiB of it.
 */
const LEAST = 4096;
const digested = perMachine(() => new RecentShares(600_000));

/** Only the digests that the query reads are computed, all of them in one pass over the file. */
export const hash = table({
  name: 'hash',
  description: 'Digests of the content of regular files, by path or directory.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    path: text('Absolute path', { required: true, index: true, optimized: true }),
    directory: text('Directory that the file lies in', { required: true, optimized: true }),
    md5: text('MD5 in hexadecimal', { collate: 'nocase' }),
    sha1: text('SHA-1 in hexadecimal', { collate: 'nocase' }),
    sha256: text('SHA-256 in hexadecimal', { collate: 'nocase' }),
    pid_with_namespace: integer('Process whose view of the files is wanted; 0 for this machine', {
      additional: true,
      hidden: true,
      platforms: ['linux'],
    }),
    mount_namespace_id: text('Inode of the mount namespace of that process', { hidden: true, platforms: ['linux'] }),
  },
  examples: [
    "select sha256 from hash where path = '/etc/passwd'",
    "select path, md5 from hash where directory = '/etc/apt'",
    "select f.path, f.size, h.sha256 from file f join hash h using (path) where f.path like '/etc/host%'",
  ],
  *generate({ host, agent, values, patterns, uses, attempt, warn, row }) {
    const constraints = {
      paths: values('path'),
      pathPatterns: patterns('path'),
      directories: values('directory'),
      directoryPatterns: patterns('directory'),
    };
    const wanted = NAMES.filter((name) => uses(name));
    const maxBytes = Number(agent.option('hash_max_bytes'));
    const cacheSize = agent.option('disable_hash_cache') === 'true' ? 0 : Number(agent.option('hash_cache_max'));
    for (const { host: seen, pid, id } of mountNamespaces(host, values('pid_with_namespace'), attempt)) {
      const { files } = seen;
      for (const { path, directory, kind } of foundFiles(files, constraints, warn)) {
        const location = locationOf(files, path);
        if (path.endsWith('/')) continue;
        if (kind !== 'regular' && ifReadable(() => files.stat(location).kind) !== 'regular') continue;
        yield row({
          path,
          directory: directory ?? parentOf(path),
          ...digests(files, location),
          pid_with_namespace: pid,
          mount_namespace_id: id,
        });
      }
    }

    function digests(files: Files, path: string): Digests {
      if (wanted.length === 0) return {};
      try {
        using open = files.open(path);
        if (open.stat.size === 0 && !MADE_BY_KERNEL.test(path)) return empty();
        return cached(files, path, open);
      } catch (cause) {
        if (!(cause instanceof HostError)) throw cause;
        warn(`cannot read a file (${cause.code})`, cause);
        return {};
      }
    }

    function empty(): Digests {
      return Object.fromEntries(wanted.map((name) => [name, digestOf(name, new Uint8Array())]));
    }

    function cached(files: Files, path: string, open: OpenFile): Digests {
      let cache = caches.get(files);
      if (cache === undefined) {
        cache = new DigestCache();
        caches.set(files, cache);
      }
      const { device, inode, size, mtime, ctime } = open.stat;
      const key = `${device} ${inode} ${size} ${mtime} ${ctime}`;
      const known = cache.get(key);
      const missing = wanted.filter((name) => known[name] === undefined);
      if (missing.length > 0 && !affordable(path, open.stat)) return known;
      const all = missing.length === 0 ? known : { ...known, ...compute(open, missing) };
      cache.set(key, all, cacheSize);
      return all;
    }

    function affordable(path: string, stat: FileStat): boolean {
      const { uid, size } = stat;
      if (maxBytes === 0 || isStored(stat)) return true;
      if (size > maxBytes) {
        warn(`truncated: files of more than --hash_max_bytes=${maxBytes} are not hashed`, `${path} has ${size} bytes`);
        return false;
      }
      const recent = digested(host.files);
      const bytes = Math.max(size, LEAST);
      if (bytes <= recent.left(uid, maxBytes)) {
        recent.spend(uid, maxBytes, bytes);
        return true;
      }
      warn(`truncated: of user ${uid} --hash_max_bytes=${maxBytes} were hashed within ten minutes`, `${path} is not`);
      return false;
    }
  },
});

/** Whether the file is one that its owner has paid for with space on a disk, and root with its word. */
function isStored({ uid, size, blocks }: FileStat): boolean {
  return uid === 0 && blocks * 512 >= size / 2;
}

/** One pass. What is hashed is what was read: a file that grows meanwhile is read to the end it had at the last look. */
function compute(open: OpenFile, names: readonly DigestName[]): Digests {
  const read = (into: Buffer) => open.read(into);
  const piece = sharedPiece();
  let length = fill(read, piece);
  if (length < PIECE) {
    const bytes = piece.subarray(0, length);
    return Object.fromEntries(names.map((name) => [name, digestOf(name, bytes)]));
  }
  const digests = names.map((name) => [name, createDigest(name)] as const);
  // A file that is written to faster than it is read would never end.
  let left = open.stat.size * 2 + PIECE;
  for (; length > 0 && left > 0; length = fill(read, piece)) {
    for (const [, digest] of digests) digest.update(piece.subarray(0, length));
    left -= length;
  }
  return Object.fromEntries(digests.map(([name, digest]) => [name, digest.digest('hex')]));
}
