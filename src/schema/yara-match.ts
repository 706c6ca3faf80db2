/** A rule of YARA that matched. */
export interface YaraMatch {
  readonly rule: string;
  readonly tags: readonly string[];
  /** Its strings that were found and where, as osquery shows them: `$name:offset`, hexadecimal. */
  readonly strings: readonly string[];
}

/** A file that is to be scanned. */
export interface ScanRequest {
  readonly id: number;
  readonly path: string;
  /** Of signatures, in the order in which they are run. */
  readonly groups: readonly string[];
}

/** What became of a scan. */
export type ScanOutcome =
  | { readonly kind: 'scanned'; readonly matches: readonly YaraMatch[] }
  /** It is not there any more, or no regular file. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly cause: ScanFailure; readonly reason: string };

export type ScanFailure = 'file too large' | 'took too long' | 'failed';

export interface ScanAnswer {
  readonly id: number;
  readonly outcome: ScanOutcome;
}
