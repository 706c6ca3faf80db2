/** A file system in memory that a test can fill. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

const MB = 1024 * 1024;

/** Mounts one; why not, where that cannot be. */
export function mountSmall(path: string, size: string, more = 'rw'): string | undefined {
  mkdirSync(path);
  const { status, stderr } = spawnSync(
    'mount',
    ['-t', 'tmpfs', '-o', `size=${size},mode=0755,${more}`, 'small', path],
    {
      encoding: 'utf8',
    },
  );
  return status === 0 ? undefined : stderr.trim();
}

export function unmount(path: string): void {
  spawnSync('umount', ['-l', path]);
  rmSync(path, { recursive: true, force: true });
}

/** Fills it to the last byte. */
export function fill(path: string): void {
  for (const size of [MB, 64 * 1024, 4096, 1]) {
    for (let i = 0; ; i++) {
      try {
        writeFileSync(`${path}/filler-${size}-${i}`, Buffer.alloc(size), { flag: 'wx' });
      } catch {
        break;
      }
      if (size === 1 && i > 100) break;
    }
  }
}

export function empty(path: string): void {
  spawnSync('sh', ['-c', 'rm -f "$1"/filler-*', 'sh', path]);
}
