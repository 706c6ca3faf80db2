import { type JsonObject, valueAt } from './config-text.ts';
import type { Report } from './schedule.ts';
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

  add(config: JsonObject, report: Report): void {
    addLists(this.#paths, sectionOf(config, 'file_paths', report), 'file_paths', report);
    addLists(this.#queries, sectionOf(config, 'file_paths_query', report), 'file_paths_query', report);
    addLists(this.#excluded, sectionOf(config, 'exclude_paths', report), 'exclude_paths', report);
    for (const category of textsOf(valueAt(config, 'file_accesses'), 'file_accesses', report)) {
      this.#accesses.add(category);
    }
  }

  /** All of them. What names a category that there is not is said: it does nothing. */
  finish(report: Report): FileRules {
    const known = (category: string) => this.#paths.has(category) || this.#queries.has(category);
    for (const category of this.#excluded.keys()) {
      if (!known(category)) report(`exclude_paths.${category}`, 'no category of file_paths');
    }
    for (const category of this.#accesses) {
      if (!known(category)) report('file_accesses', `${category} is no category of file_paths`);
    }
    return {
      paths: this.#paths,
      queries: this.#queries,
      excluded: this.#excluded,
      accesses: [...this.#accesses],
    };
  }
}
