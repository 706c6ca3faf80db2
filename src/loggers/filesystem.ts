import { glogFileName, glogHeader, glogLine, severitiesUpTo } from './glog.ts';
import type { LogFiles } from './log-files.ts';
import type { Logger, Severity, StatusLine } from './logger.ts';
import { Loss } from './loss.ts';
import { Rotation, type RotationOptions } from './rotation.ts';

export interface FilesystemOptions {
  /** `--logger_path`. */
  readonly directory: string;
  /** `--logger_mode`. */
  readonly mode: number;
  /** Undefined without `--logger_rotate`. */
  readonly rotation?: RotationOptions | undefined;
  /** Names the status logs: `osqueryd`. */
  readonly program: string;
  readonly host: string;
  readonly pid: number;
  /** When the program started, milliseconds since the epoch. */
  readonly startedMs: number;
}

const RESULTS = 'osqueryd.results.log';
const SNAPSHOTS = 'osqueryd.snapshots.log';
/** Bytes of a status log, after which another is begun: glog's `max_log_size`, which osquery sets to 10 MB. */
const MAX_STATUS = 10 * 1024 * 1024;

/** Numbers in the names of what was moved aside. */
const ASIDE = [1, 2, 3, 4, 5, 6, 7, 8, 9];

interface StatusFile {
  readonly path: string;
  bytes: number;
}

/** Lines in files, by osquery's names. What cannot be written is counted and said once; the agent goes on. */
export class FilesystemLogger implements Logger {
  readonly #files: LogFiles;
  readonly #options: FilesystemOptions;
  readonly #warn: (message: string) => void;
  readonly #rotations = new Map<string, Rotation>();
  readonly #statusFiles = new Map<Severity, StatusFile>();
  /** Of snapshots and status lines. */
  readonly #loss: Loss;
  /** Of results, which come again. */
  readonly #delay: Loss;

  /** `warn` is for what goes wrong with the files themselves; it must not come back here. */
  constructor(files: LogFiles, options: FilesystemOptions, warn: (message: string) => void) {
    this.#files = files;
    this.#options = options;
    this.#warn = warn;
    this.#loss = new Loss(warn);
    this.#delay = new Loss(warn, 'results wait until it goes again, unless another logger takes them');
    for (const name of [RESULTS, SNAPSHOTS]) {
      if (options.rotation) this.#rotations.set(name, new Rotation(this.#path(name), files, options.rotation, warn));
    }
    // There from the start, for those who wait for it.
    this.#append(this.#path(RESULTS), [''], this.#delay, () => 0);
  }

  /** Lines that found no room. */
  get lost(): number {
    return this.#loss.count;
  }

  results(lines: Iterable<string>): boolean {
    return this.#write(RESULTS, lines, this.#delay);
  }

  snapshots(lines: Iterable<string>): boolean {
    return this.#write(SNAPSHOTS, lines, this.#loss);
  }

  status(lines: readonly StatusLine[]): void {
    for (const line of lines) {
      const text = glogLine(line, this.#options.pid);
      for (const severity of severitiesUpTo(line.severity)) {
        if (severity === 'FATAL') continue;
        const file = this.#statusFile(severity, line.time);
        file.bytes += text.length;
        this.#append(file.path, [text], this.#loss, () => 1);
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#rotations.values(), (rotation) => rotation.idle()));
  }

  #write(name: string, lines: Iterable<string>, loss: Loss): boolean {
    this.#rotations.get(name)?.check();
    return this.#append(this.#path(name), broken(lines), loss, () => (loss === this.#delay ? 0 : countOf(lines)));
  }

  /** `lost`: how many lines are lost where that fails. */
  #append(path: string, texts: Iterable<string>, loss: Loss, lost: () => number): boolean {
    try {
      this.#appendAside(path, texts);
      loss.recovered();
      return true;
    } catch (cause) {
      loss.add(lost(), (cause as Error).message);
      return false;
    }
  }

  /** What somebody else may have put there is moved aside. */
  #appendAside(path: string, texts: Iterable<string>): void {
    const { mode } = this.#options;
    try {
      this.#files.append(path, texts, mode);
    } catch (cause) {
      if (!this.#files.isForeign(cause)) throw cause;
      const names = ASIDE.map((i) => `${path}.refused-${i}`);
      // In the place of the last one at the end: lines must go on.
      const aside = names.find((name) => !this.#files.exists(name)) ?? names.at(-1)!;
      this.#files.rename(path, aside);
      this.#warn(`${(cause as Error).message}; moved to ${aside}`);
      this.#files.append(path, texts, mode);
    }
  }

  /** Made with its first line, and anew when it is full. Beside it `osqueryd.INFO` leads to the newest. */
  #statusFile(severity: Severity, time: number): StatusFile {
    const known = this.#statusFiles.get(severity);
    if (known !== undefined && known.bytes < MAX_STATUS) return known;
    const { program, host, pid, startedMs } = this.#options;
    const name = glogFileName(program, severity, time, pid);
    const file = { path: this.#path(name), bytes: 0 };
    this.#statusFiles.set(severity, file);
    this.#append(file.path, [glogHeader(time, startedMs, host)], this.#loss, () => 0);
    try {
      this.#files.link(name, this.#path(`${program}.${severity}`));
    } catch (cause) {
      this.#warn((cause as Error).message);
    }
    return file;
  }

  #path(name: string): string {
    return `${this.#options.directory.replace(/\/$/, '')}/${name}`;
  }
}

/** Lines with their ends. */
function broken(lines: Iterable<string>): Iterable<string> {
  return {
    *[Symbol.iterator]() {
      for (const line of lines) yield `${line}\n`;
    },
  };
}

function countOf(lines: Iterable<string>): number {
  let count = 0;
  for (const _ of lines) count += 1;
  return count;
}
