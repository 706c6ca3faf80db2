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
  readonly #loss: Loss;

  /** `warn` is for what goes wrong with the files themselves; it must not come back here. */
  constructor(files: LogFiles, options: FilesystemOptions, warn: (message: string) => void) {
    this.#files = files;
    this.#options = options;
    this.#warn = warn;
    this.#loss = new Loss(warn);
    for (const name of [RESULTS, SNAPSHOTS]) {
      if (options.rotation) this.#rotations.set(name, new Rotation(this.#path(name), files, options.rotation, warn));
    }
    // There from the start, for those who wait for it.
    this.#append(this.#path(RESULTS), '', 0);
  }

  /** Lines that found no room. */
  get lost(): number {
    return this.#loss.count;
  }

  result(line: string): void {
    this.#write(RESULTS, line);
  }

  snapshot(line: string): void {
    this.#write(SNAPSHOTS, line);
  }

  status(lines: readonly StatusLine[]): void {
    for (const line of lines) {
      const text = glogLine(line, this.#options.pid);
      for (const severity of severitiesUpTo(line.severity)) {
        if (severity === 'FATAL') continue;
        const file = this.#statusFile(severity, line.time);
        file.bytes += text.length;
        this.#append(file.path, text, 1);
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#rotations.values(), (rotation) => rotation.idle()));
  }

  #write(name: string, line: string): void {
    this.#rotations.get(name)?.check();
    this.#append(this.#path(name), `${line}\n`, 1);
  }

  #append(path: string, text: string, lines: number): void {
    try {
      this.#files.append(path, text, this.#options.mode);
      if (text !== '') this.#loss.recovered();
    } catch (cause) {
      this.#loss.add(lines, (cause as Error).message);
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
    this.#append(file.path, glogHeader(time, startedMs, host), 0);
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
