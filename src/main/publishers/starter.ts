import type { FileRules } from '../../config/file-events.ts';
import type { OptionValues } from '../../config/option-values.ts';
import type { YaraRules } from '../../config/yara.ts';
import type { HostGuard } from '../../engine/guarded-host.ts';
import type { FileProgress, PendingChange } from '../../events/files/progress.ts';
import type { FileScanner } from '../../events/files/scans.ts';
import type { Publisher } from '../../events/publisher.ts';
import type { Recording } from '../../events/recording.ts';

/** What of the configuration publishers need. */
export interface EventSections {
  readonly files: FileRules;
  readonly yara: YaraRules;
}

/** What only the thread that hears of files has: it touches them, and is watched for it. */
export interface FilesParts {
  /** Is told of each call that may hang. */
  readonly guard: HostGuard;
  readonly progress: FileProgress;
  readonly left: { readonly since: number; readonly pending: PendingChange | undefined } | undefined;
  /** Whether files are looked at; else only what the kernel says of them is told. */
  readonly looks: boolean;
  /** Passes on what was told. */
  handOver(): void;
  /** These are open, should somebody else have to close them. */
  holds(descriptors: readonly number[]): void;
}

/** What a publisher is started with. */
export interface StarterParts {
  readonly options: OptionValues;
  readonly sections: EventSections;
  /** Names of the tables that it is to feed. */
  readonly tables: readonly string[];
  emit(event: { readonly occurred: bigint }): void;
  readonly files?: FilesParts | undefined;
  /** Scans files, where the configuration has something to scan. */
  readonly scanner?: FileScanner | undefined;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  say(severity: 'INFO' | 'WARNING' | 'ERROR', message: string): void;
  /** What is heard instead of the kernel: `--replay`. */
  readonly recording?: Recording | undefined;
  /** What a thread that was killed left to be restored, and leaves it to the next one; undefined for nothing. */
  readonly left: number | undefined;
  leave(value: number | undefined): void;
}

/** How a publisher is started, and by which flags. */
export interface Starter {
  /** osquery's name of the publisher. */
  readonly name: string;
  /** Whether the flags let it run. */
  isOn(options: OptionValues): boolean;
  /** Whether tables are fed only if a scheduled query names them. Default: all are. */
  onlyIfRead?(options: OptionValues): boolean;
  /** Tables that have a flag of their own; the others are fed whenever it runs. */
  readonly tableFlags: Readonly<Record<string, string>>;
  /**
   * Throws `HostError` where the kernel does not let us, or gives undefined where it has said so itself: what nobody asked
   * for is no error.
   */
  start(parts: StarterParts): Publisher | undefined;
}
