import { mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Files that the person at the shell names or owns, as against those that tables read. */
export function readUserFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error((cause as NodeJS.ErrnoException).code ?? String(cause));
  }
}

/** A descriptor that writes the file anew. */
export function openForWriting(path: string): number {
  return openSync(path, 'w', 0o644);
}

/** The lines typed at the prompt, the latest first, in `~/.osquery/.history` (the latest last, as osquery has it). */
export function historyFile(): { load(): string[]; save(lines: readonly string[]): void } {
  const path = join(homedir(), '.osquery', '.history');
  return {
    load() {
      try {
        return readFileSync(path, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .reverse();
      } catch {
        return [];
      }
    },
    save(lines) {
      try {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        // Beside it and then in its place: a full disk or a second shell never leaves half a file.
        const fresh = `${path}.${process.pid}`;
        rmSync(fresh, { force: true });
        // `wx` follows no link: root with the home of somebody else must not write where that one points.
        writeFileSync(fresh, `${lines.toReversed().join('\n')}\n`, { mode: 0o600, flag: 'wx' });
        renameSync(fresh, path);
      } catch {
        // A home that cannot be written to costs the history, not the shell.
      }
    },
  };
}
