import type { SharedPlace } from '../host/left-alone.ts';
import type { ScanAnswer, ScanRequest } from '../schema/yara-match.ts';

/** What the thread that scans is given. */
export interface ScannerData {
  /** Groups of signatures to the files of their rules. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Bytes of a file, at most; of a file, the rules and what is found together. */
  readonly sizeLimit: number;
  readonly memoryLimit: number;
  /** Whether memory that is free is given back. */
  readonly trims: boolean;
  /** Where it notes the call that it is inside of; places that did not answer. */
  readonly activity: SharedArrayBuffer;
  readonly leftAlone: readonly SharedPlace[];
  /** Whether the thread gives up what it does not need: `--disable_sandbox`. */
  readonly sandboxed: boolean;
}

export type ToScanner = ScanRequest;

/** What it tells; each thing that it begins, so that somebody can see to it that it ends. */
export type FromScanner =
  /** What holds it, for the status log. */
  | { readonly kind: 'sandbox'; readonly text: string }
  | { readonly kind: 'compiles'; readonly group: string }
  | { readonly kind: 'complains'; readonly message: string }
  /** All groups are compiled. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'scans'; readonly id: number }
  | ({ readonly kind: 'answers' } & ScanAnswer);
