import type { InitOutput, Rules, Scanner } from '@virustotal/yara-x';
import type { YaraLibrary } from '../host/linux/yara-module.ts';
import type { YaraMatch } from '../schema/yara-match.ts';
import { Conditions } from './conditions.ts';

/** A file of rules. */
export interface RuleSource {
  readonly path: string;
  readonly text: string;
}

/** Matches of one string that are counted, `#a` in a condition: beyond, a file could make millions of them. */
const MAX_MATCHES = 10_000;

/** What a scan gives. */
interface ScanResult {
  readonly valid: boolean;
  readonly matches: readonly {
    readonly identifier: string;
    readonly isPrivate: boolean;
    readonly tags: readonly string[];
    readonly patterns: readonly {
      readonly identifier: string;
      readonly isPrivate: boolean;
      readonly matches: readonly { readonly offset: number }[];
    }[];
  }[];
}

/**
 * Compiles files that may name each other's rules. One with an error is left out, and said; undefined if none is left. What
 * else is thrown has broken YARA: its thread cannot go on.
 */
export function compileRules(
  library: YaraLibrary,
  sources: readonly RuleSource[],
  complain: (message: string) => void,
): YaraRules | undefined {
  for (let good = sources; good.length > 0; ) {
    const compiler = new library.Compiler();
    const bad = good.find((source) => {
      const error = errorOf(() => compiler.addSource(source.text));
      if (error !== undefined) complain(describe(source.path, error));
      return error !== undefined;
    });
    if (bad === undefined) return new YaraRules(library, compiler.build());
    compiler.free();
    good = good.filter((source) => source !== bad);
  }
  return undefined;
}

/** Compiled rules. */
export class YaraRules implements Disposable {
  readonly #exports: InitOutput;
  readonly #rules: Rules;
  readonly #scanner: Scanner;
  readonly #conditions = new Conditions();

  constructor({ exports }: YaraLibrary, rules: Rules) {
    this.#exports = exports;
    this.#rules = rules;
    this.#scanner = rules.scanner();
    this.#scanner.setMaxMatchesPerPattern(MAX_MATCHES);
  }

  /**
   * Scans `size` bytes, which `fill` writes, and says how many there were. It lasts as long as it lasts: YARA's own time
   * limit needs a second thread in its memory.
   */
  scan(size: number, fill: (into: Uint8Array) => number): YaraMatch[] {
    const bytes = this.#bytes(size, fill);
    // As the method `scan` of the package does, which would need the bytes twice: in an array of ours, and in its memory.
    const {
      scanner_scan,
      __wbindgen_externrefs: values,
      __externref_table_dealloc_command_export: drop,
    } = this.#exports;
    const [result, error, failed] = this.#conditions.during(() =>
      scanner_scan(pointerOf(this.#scanner), bytes.at, bytes.length),
    );
    const index = failed ? error : result;
    const value = values.get(index);
    drop(index);
    if (failed) throw value;
    return matchesOf(value as ScanResult);
  }

  [Symbol.dispose](): void {
    this.#scanner.free();
    this.#rules.free();
  }

  /** In YARA's memory; the scan frees them. */
  #bytes(size: number, fill: (into: Uint8Array) => number): { readonly at: number; readonly length: number } {
    const {
      memory,
      __wbindgen_malloc_command_export: allocate,
      __wbindgen_realloc_command_export: resize,
    } = this.#exports;
    const at = allocate(size, 1) >>> 0;
    try {
      const length = fill(new Uint8Array(memory.buffer, at, size));
      return { at: length === size ? at : resize(at, size, length, 1) >>> 0, length };
    } catch (cause) {
      this.#exports.__wbindgen_free_command_export(at, size, 1);
      throw cause;
    }
  }
}

/** Where an object of the package is in its memory. */
function pointerOf(object: Scanner): number {
  return (object as unknown as { readonly __wbg_ptr: number }).__wbg_ptr;
}

/** What osquery shows: no private rules and strings, and of each string the first place. */
function matchesOf({ matches }: ScanResult): YaraMatch[] {
  return matches
    .filter(({ isPrivate }) => !isPrivate)
    .map(({ identifier, tags, patterns }) => ({
      rule: identifier,
      tags,
      strings: patterns.flatMap(({ identifier: name, isPrivate, matches: [first] }) =>
        isPrivate || first === undefined ? [] : [`${name}:${first.offset.toString(16)}`],
      ),
    }));
}

/** The complaint of a compiler; anything but a plain error is no complaint. */
function errorOf(work: () => void): Error | undefined {
  try {
    work();
    return undefined;
  } catch (cause) {
    if ((cause as Error)?.name !== 'Error') throw cause;
    return cause as Error;
  }
}

/** `error[E025]: what` at `--> line:3:7`, then the line with a mark below it, and why. */
const COMPLAINT = /^error(?:\[\w+\])?: (?<what>.*)(?:\n\s*--> line:(?<line>\d+):(?<column>\d+))?/;
const WHY = /^[\s|]*\^+ (?<why>.*)$/m;

function describe(path: string, { message }: Error): string {
  const { what = message, line, column } = COMPLAINT.exec(message)?.groups ?? {};
  const why = WHY.exec(message)?.groups?.['why'];
  const place = line === undefined ? path : `${path}:${line}:${column}`;
  return `${place}: ${what}${why === undefined ? '' : `: ${why}`}`;
}
