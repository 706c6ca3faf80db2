import { isObject, type JsonObject, valueAt } from './config-text.ts';
import type { Report } from './schedule.ts';
import { addLists, sectionOf, textsOf } from './section.ts';

/** Rules of YARA and what they are run on. */
export interface YaraRules {
  /** Groups to the files of their rules. */
  readonly signatures: ReadonlyMap<string, readonly string[]>;
  /** Where rules may be fetched from: URLs, or regular expressions of them. */
  readonly signatureUrls: readonly string[];
  /** Categories of `file_paths` to the groups that are run on their files. */
  readonly filePaths: ReadonlyMap<string, readonly string[]>;
}

/** Gathers the `yara` of all pieces of a configuration. */
export class YaraParser {
  readonly #signatures = new Map<string, string[]>();
  readonly #urls: string[] = [];
  readonly #filePaths = new Map<string, string[]>();

  add(config: JsonObject, report: Report): void {
    const yara = sectionOf(config, 'yara', report);
    if (yara === undefined) return;
    const within: Report = (place, reason) => report(`yara.${place}`, reason);
    addLists(this.#signatures, sectionOf(yara, 'signatures', within), 'yara.signatures', report);
    addLists(this.#filePaths, sectionOf(yara, 'file_paths', within), 'yara.file_paths', report);
    this.#urls.push(...textsOf(signatureUrls(yara), 'yara.signature_urls', report));
  }

  finish(report: Report): YaraRules {
    for (const [category, groups] of this.#filePaths) {
      for (const group of groups) {
        if (!this.#signatures.has(group)) report(`yara.file_paths.${category}`, `${group} is no group of signatures`);
      }
    }
    return { signatures: this.#signatures, signatureUrls: this.#urls, filePaths: this.#filePaths };
  }
}

/** Also as an object whose values are the URLs. */
function signatureUrls(yara: JsonObject) {
  const value = valueAt(yara, 'signature_urls');
  return isObject(value) ? Object.values(value) : value;
}
