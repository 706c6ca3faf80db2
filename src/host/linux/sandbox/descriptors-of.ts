import { readdirSync, statSync } from 'node:fs';
import { KernelStat } from '../kernel-stat.ts';

/** The descriptors that the process has of a file, by whatever name it was opened. Others may be of files that do not answer. */
export function descriptorsOf(path: string): number[] {
  const opened = new KernelStat();
  try {
    const { dev, ino } = statSync(path);
    return readdirSync('/proc/self/fd')
      .map(Number)
      .filter((fd) => opened.lookCached(fd) && opened.device === dev && opened.inode === ino);
  } catch {
    return [];
  }
}
