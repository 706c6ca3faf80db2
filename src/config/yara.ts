import { isObject, type JsonObject, type JsonValue, valueAt } from './config-text.ts';
import type { FileRulesParser } from './file-events.ts';
import { type Report, within } from './report.ts';
import { addLists, sectionOf, textsOf } from './section.ts';

/** Rules of YARA and what they are run on. */
export interface YaraRules {
  /** Groups to the files of their rules. */
  readonly signatures: ReadonlyMap<string, readonly string[]>;
  /** Where rules may be fetched from: URLs whose path is a regular expression. */
  readonly signatureUrls: readonly string[];
  /** Categories of `file_paths` to the groups that are run on their files. */
  readonly filePaths: ReadonlyMap<string, readonly string[]>;
}

/** Gathers the `yara` of all pieces of a configuration. */
export class YaraParser {
  readonly #signatures = new Map<string, string[]>();
  readonly #urls = new Set<string>();
  readonly #filePaths = new Map<string, string[]>();
  /** What can be said only when all groups are known. */
  readonly #checks: (() => void)[] = [];

  /** `files`: whose categories `file_paths` names. */
  add(config: JsonObject, files: FileRulesParser, report: Report): void {
    const yara = sectionOf(config, 'yara', report, 'yara');
    if (yara === undefined) return;
    const inside = within(report, 'yara');
    addLists(this.#signatures, sectionOf(yara, 'signatures', inside), within(inside, 'signatures'));
    for (const url of textsOf(signatureUrls(yara), 'signature_urls', inside)) {
      // It may have a password in it.
      if (/^https?:\/\/[^/]/i.test(url)) this.#urls.add(url);
      else inside('signature_urls', 'has what is no URL of http or https');
    }
    const own = new Map<string, string[]>();
    addLists(own, sectionOf(yara, 'file_paths', inside), within(inside, 'file_paths'));
    for (const [category, groups] of own) {
      const place = within(inside, `file_paths.${category}`);
      files.checkCategory(category, place);
      for (const group of groups) {
        this.#checks.push(() => {
          if (!this.#signatures.has(group)) place(group, 'no group of signatures');
        });
      }
      this.#filePaths.set(category, [...new Set([...(this.#filePaths.get(category) ?? []), ...groups])]);
    }
  }

  finish(): YaraRules {
    for (const check of this.#checks) check();
    return { signatures: this.#signatures, signatureUrls: [...this.#urls], filePaths: this.#filePaths };
  }
}

/** Also as an object whose values are the URLs. */
function signatureUrls(yara: JsonObject): JsonValue | undefined {
  const value = valueAt(yara, 'signature_urls');
  return isObject(value) ? Object.values(value) : value;
}
