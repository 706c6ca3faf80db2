import { type JsonObject, valueAt } from './config-text.ts';
import { type Report, within } from './report.ts';
import { addLists, sectionOf, textsOf } from './section.ts';

/** Which files are watched, by category. A pattern has `%` for a name and `%%` for all below; `*` means the same. */
export interface FileRules {
  /** `file_paths`. */
  readonly paths: ReadonlyMap<string, readonly string[]>;
  /** `file_paths_query`: queries whose column `path` has more patterns. */
  readonly queries: ReadonlyMap<string, readonly string[]>;
  /** `exclude_paths`. */
  readonly excluded: ReadonlyMap<string, readonly string[]>;
  /** `file_accesses`: categories whose files are watched for reading, too. */
  readonly accesses: readonly string[];
}

/** Gathers the rules of all pieces of a configuration. */
export class FileRulesParser {
  readonly #paths = new Map<string, string[]>();
  readonly #queries = new Map<string, string[]>();
  readonly #excluded = new Map<string, string[]>();
  readonly #accesses = new Set<string>();
  /** What can be said only when all categories are known. */
  readonly #checks: (() => void)[] = [];

  add(config: JsonObject, report: Report): void {
    const lists = (into: Map<string, string[]>, key: string) =>
      addLists(into, sectionOf(config, key, report), within(report, key));
    lists(this.#paths, 'file_paths');
    lists(this.#queries, 'file_paths_query');
    lists(this.#excluded, 'exclude_paths');
    for (const category of Object.keys(sectionOf(config, 'exclude_paths', () => {}) ?? {})) {
      this.checkCategory(category, within(report, `exclude_paths.${category}`));
    }
    for (const category of textsOf(valueAt(config, 'file_accesses'), 'file_accesses', report)) {
      this.#accesses.add(category);
      this.checkCategory(category, within(report, `file_accesses.${category}`));
    }
  }

  /** Says so, in the end, if no piece has this category: what names it does nothing. */
  checkCategory(category: string, report: Report): void {
    this.#checks.push(() => {
      if (!this.#paths.has(category) && !this.#queries.has(category)) report('', 'no category of file_paths');
    });
  }

  finish(): FileRules {
    for (const check of this.#checks) check();
    return {
      paths: this.#paths,
      queries: this.#queries,
      excluded: this.#excluded,
      accesses: [...this.#accesses],
    };
  }
}
