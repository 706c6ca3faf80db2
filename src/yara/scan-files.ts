import { HostError, isAbsent } from '../base/errors.ts';
import type { Files, OpenFile } from '../host/host.ts';
import type { YaraLibrary } from '../host/linux/yara-module.ts';
import type { ScanOutcome, ScanRequest, YaraMatch } from '../schema/yara-match.ts';
import { compileRules, type YaraRules } from './engine.ts';
import type { FromScanner, ScannerData } from './messages.ts';
import { haveChanged, type RuleFiles, readRuleFiles } from './rule-files.ts';

/** How often it is looked whether files of rules have changed. */
const LOOK_MS = 10_000;

/** It is a directory, a device, a pipe; a link that leads nowhere. */
const NO_FILE = new Set(['EISDIR', 'EOPNOTSUPP', 'ELOOP']);

interface Group extends Pick<RuleFiles, 'stamps'> {
  readonly rules: YaraRules | undefined;
  looked: number;
}

/** Scans files with groups of rules; lives in the thread that scans. */
export class FileScanner {
  readonly #library: YaraLibrary;
  readonly #files: Files;
  readonly #data: ScannerData;
  readonly #tell: (message: FromScanner) => void;
  readonly #now: () => number;
  readonly #trim: () => void;
  readonly #groups = new Map<string, Group>();

  /** `now`: milliseconds of a clock that never goes back. `trim`: gives back memory that is free. */
  constructor(
    library: YaraLibrary,
    files: Files,
    data: ScannerData,
    tell: (message: FromScanner) => void,
    now: () => number,
    trim: () => void,
  ) {
    this.#library = library;
    this.#files = files;
    this.#data = data;
    this.#tell = tell;
    this.#now = now;
    this.#trim = trim;
    for (const name of data.groups.keys()) this.#compile(name);
    tell({ kind: 'ready' });
  }

  scan({ id, path, groups }: ScanRequest): void {
    const rules = groups.flatMap((name) => this.#rules(name) ?? []);
    this.#tell({ kind: 'scans', id });
    this.#tell({ kind: 'answers', id, outcome: this.#outcome(path, rules) });
  }

  #outcome(path: string, rules: readonly YaraRules[]): ScanOutcome {
    const matches: YaraMatch[] = [];
    try {
      using file = this.#files.open(path);
      const { kind, size } = file.stat;
      if (kind !== 'regular') return { kind: 'absent' };
      const { sizeLimit } = this.#data;
      if (size > sizeLimit) {
        return { kind: 'failed', cause: 'file too large', reason: `has more than ${sizeLimit} bytes` };
      }
      // Each group reads it anew, from the cache of the kernel: twice in memory it would cost more.
      for (const its of rules) matches.push(...its.scan(size, (into) => fill(file, into)));
    } catch (cause) {
      if (!(cause instanceof HostError)) throw cause;
      if (isAbsent(cause) || NO_FILE.has(cause.code)) return { kind: 'absent' };
      return { kind: 'failed', cause: 'failed', reason: `cannot be read: ${cause.code}` };
    }
    return { kind: 'scanned', matches };
  }

  #rules(name: string): YaraRules | undefined {
    const group = this.#groups.get(name);
    if (group === undefined) return undefined;
    if (this.#now() - group.looked < LOOK_MS) return group.rules;
    group.looked = this.#now();
    if (!haveChanged(this.#files, group.stamps)) return group.rules;
    group.rules?.[Symbol.dispose]();
    return this.#compile(name).rules;
  }

  #compile(name: string): Group {
    this.#tell({ kind: 'compiles', group: name });
    const complain = (message: string) => this.#tell({ kind: 'complains', message: `group ${name}: ${message}` });
    const { sources, stamps } = readRuleFiles(this.#files, this.#data.groups.get(name)!, complain);
    const group = { rules: compileRules(this.#library, sources, complain), stamps, looked: this.#now() };
    this.#groups.set(name, group);
    // A compiler leaves 30 MB behind.
    this.#trim();
    return group;
  }
}

/** What there is of a file, which may have grown or shrunk since. */
function fill(file: OpenFile, into: Uint8Array): number {
  let length = 0;
  while (length < into.length) {
    const count = file.readAt(into.subarray(length), length);
    if (count === 0) break;
    length += count;
  }
  return length;
}
