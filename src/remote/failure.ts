/**
 * What went wrong, for those who act on it. `local`: a file of ours. `connect`: nobody there, no way, no name. `certificate`,
 * `tls`: the two do not trust or understand each other. `timeout`, `cut`: no answer, or half of one. `status`: HTTP says no.
 * `redirect`: it leads where we do not follow. `too large`, `malformed`: the answer is none. `refused`: it has an `error`.
 * `node invalid`, `not enrolled`: the server does not know us. `closed`: we end.
 */
export type FailureKind =
  | 'local'
  | 'connect'
  | 'certificate'
  | 'tls'
  | 'timeout'
  | 'cut'
  | 'status'
  | 'redirect'
  | 'too large'
  | 'malformed'
  | 'refused'
  | 'node invalid'
  | 'not enrolled'
  | 'closed';

/** An object of JSON that a server sent; its keys are its own. */
export type JsonObject = { readonly [key: string]: unknown };

export interface FailureDetails {
  /** Of the answer, if one came. */
  readonly status?: number | undefined;
  /** Seconds that the server wants to be left alone. */
  readonly retryAfter?: number | undefined;
  /** What the answer said beside its status. */
  readonly answer?: JsonObject | undefined;
}

/** A request that did not do what it was for. The message says what failed, where and why, and holds no secret. */
export class RemoteFailure extends Error {
  override readonly name = 'RemoteFailure';
  readonly kind: FailureKind;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly answer: JsonObject | undefined;

  constructor(kind: FailureKind, message: string, { status, retryAfter, answer }: FailureDetails = {}) {
    super(message);
    this.kind = kind;
    this.status = status;
    this.retryAfter = retryAfter;
    this.answer = answer;
  }
}
