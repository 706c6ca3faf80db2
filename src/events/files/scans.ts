import type { FileEvent } from '../../schema/file-event.ts';
import type { ScanAnswer, ScanFailure, ScanRequest } from '../../schema/yara-match.ts';

/** Who scans files, elsewhere: neither call waits. */
export interface FileScanner {
  ask(request: ScanRequest): void;
  /** One that has come. */
  answer(): ScanAnswer | undefined;
}

/** After what files are scanned, as in osquery. */
const SCANNED: ReadonlySet<string> = new Set(['CREATED', 'MOVED_TO', 'UPDATED'] satisfies FileEvent['action'][]);
/** Events that wait for a scan. */
const MAX_WAITING = 10_000;
/** Scans that are asked for at once: answers are looked for four times a second. */
const MAX_ASKED = 32;
/** How often it is said of which file a scan failed, for each cause. */
const SAY_MS = 60_000;

/** A file with the events that its scan is for. */
interface Scan {
  readonly path: string;
  readonly category: string;
  readonly events: FileEvent[];
}

/**
 * Has files scanned that were made or changed, those of categories that have groups of rules, and tells each event again with
 * what matched. Changes of a file that come before its scan begins share it.
 */
export class FileScans {
  readonly #groups: ReadonlyMap<string, readonly string[]>;
  readonly #scanner: FileScanner;
  readonly #emit: (event: FileEvent) => void;
  readonly #warn: (message: string) => void;
  readonly #now: () => number;
  /** By category and path, in the order in which they came. */
  readonly #waiting = new Map<string, Scan>();
  readonly #asked = new Map<number, Scan>();
  readonly #failed: Record<ScanFailure, number> = { 'file too large': 0, 'took too long': 0, failed: 0 };
  readonly #said = new Map<ScanFailure, number>();
  #pending = 0;
  #refused = 0;
  #left = 0;
  #gone = 0;
  #next = 1;

  /** `groups`: categories to them. `now`: milliseconds of a clock that never goes back. */
  constructor(
    groups: ReadonlyMap<string, readonly string[]>,
    scanner: FileScanner,
    emit: (event: FileEvent) => void,
    warn: (message: string) => void,
    now: () => number,
  ) {
    this.#groups = groups;
    this.#scanner = scanner;
    this.#emit = emit;
    this.#warn = warn;
    this.#now = now;
  }

  /** By cause, events whose files were not scanned. */
  get dropped(): Readonly<Record<string, number>> {
    const failed = Object.entries(this.#failed).map(([cause, count]) => [`scan: ${cause}`, count]);
    const others = { 'scan: queue full': this.#refused, 'scan: ended before': this.#left, 'scan: gone': this.#gone };
    return { ...others, ...Object.fromEntries(failed) };
  }

  /** Events whose files are yet to be scanned. */
  get waiting(): number {
    return this.#pending;
  }

  offer(event: FileEvent): void {
    const { action, category, path, stat } = event;
    if (!SCANNED.has(action) || stat?.kind !== 'regular' || !this.#groups.has(category)) return;
    if (this.#pending >= MAX_WAITING) {
      this.#refused += 1;
      return;
    }
    this.#pending += 1;
    const key = `${category}\0${path}`;
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, { path, category, events: [event] });
    else waiting.events.push(event);
  }

  /** Takes answers, and asks for more. */
  tick(): void {
    for (let answer = this.#scanner.answer(); answer !== undefined; answer = this.#scanner.answer()) this.#take(answer);
    for (const [key, scan] of this.#waiting) {
      if (this.#asked.size >= MAX_ASKED) break;
      this.#waiting.delete(key);
      const id = this.#next++;
      this.#asked.set(id, scan);
      this.#scanner.ask({ id, path: scan.path, groups: this.#groups.get(scan.category)! });
    }
  }

  /** Gives up what waits. */
  stop(): void {
    this.#left += this.#pending;
    this.#pending = 0;
    this.#waiting.clear();
    this.#asked.clear();
  }

  #take({ id, outcome }: ScanAnswer): void {
    const scan = this.#asked.get(id);
    if (scan === undefined) return;
    this.#asked.delete(id);
    this.#pending -= scan.events.length;
    if (outcome.kind === 'failed') {
      this.#failed[outcome.cause] += scan.events.length;
      this.#say(outcome.cause, `${scan.path} was not scanned: ${outcome.reason}`);
    } else if (outcome.kind === 'absent') {
      this.#gone += scan.events.length;
    } else if (outcome.matches.length > 0) {
      for (const event of scan.events) this.#emit({ ...event, matches: outcome.matches });
    }
  }

  #say(cause: ScanFailure, message: string): void {
    const said = this.#said.get(cause);
    if (said !== undefined && this.#now() - said < SAY_MS) return;
    this.#said.set(cause, this.#now());
    this.#warn(`yara: ${message}`);
  }
}
