import { fstatSync, readdirSync, statSync } from 'node:fs';

/** The descriptors that the process has of a file, by whatever name it was opened. */
export function descriptorsOf(path: string): number[] {
  try {
    const { dev, ino } = statSync(path);
    return readdirSync('/proc/self/fd')
      .map(Number)
      .filter((fd) => {
        try {
          const opened = fstatSync(fd);
          return opened.dev === dev && opened.ino === ino;
        } catch {
          // The one of the list itself.
          return false;
        }
      });
  } catch {
    return [];
  }
}
