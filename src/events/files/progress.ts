import { decodeText, encodeText } from '../../base/text.ts';
import type { FileAction } from '../../schema/file-event.ts';

/** A change that is being looked at: what is known of it before anybody has touched the file. */
export interface PendingChange {
  readonly path: string;
  readonly action: FileAction;
  /** Nanoseconds since the epoch, whole milliseconds. */
  readonly occurred: bigint;
  readonly cookie: number;
  readonly pid?: number | undefined;
  /** Whether digests are wanted of such files. */
  readonly hash: boolean;
}

/** `PATH_MAX` of the kernel. */
const PATH_BYTES = 4096;
/** Places in the shared memory, in units of 8 bytes; the path follows. */
const SINCE = 0;
const WAITING = 1;
const LENGTH = 2;
const ACTION = 3;
const OCCURRED = 4;
const COOKIE = 5;
const PID = 6;
const HASH = 7;
const PLACES = 8;
const HEAD_BYTES = PLACES * 8;
const NONE = -1;

const ACTIONS: readonly FileAction[] = [
  'ACCESSED',
  'ATTRIBUTES_MODIFIED',
  'CREATED',
  'DELETED',
  'MOVED_FROM',
  'MOVED_TO',
  'OPENED',
  'UPDATED',
];

/**
 * How far the thread that hears of files has come, in memory that it shares. It may hang, and be given up: the next one goes
 * on from here.
 */
export class FileProgress {
  readonly shared: SharedArrayBuffer;
  readonly #head: Float64Array;
  readonly #path: Buffer;

  constructor(shared = new SharedArrayBuffer(HEAD_BYTES + PATH_BYTES)) {
    this.shared = shared;
    this.#head = new Float64Array(shared, 0, PLACES);
    this.#path = Buffer.from(shared, HEAD_BYTES);
  }

  /** Until when all is told, Unix seconds; and how many changes wait to be. */
  get since(): number {
    return this.#head[SINCE]!;
  }

  get waiting(): number {
    return this.#head[WAITING]!;
  }

  note(since: number, waiting: number): void {
    this.#head[SINCE] = since;
    this.#head[WAITING] = waiting;
  }

  /** A change is looked at; undefined for none. */
  set pending(change: PendingChange | undefined) {
    const head = this.#head;
    if (change === undefined) {
      head[LENGTH] = 0;
      return;
    }
    const { path, action, occurred, cookie, pid, hash } = change;
    head[LENGTH] = path.isWellFormed() ? this.#path.utf8Write(path) : encodeText(path).copy(this.#path);
    head[ACTION] = ACTIONS.indexOf(action);
    head[OCCURRED] = Number(occurred / 1_000_000n);
    head[COOKIE] = cookie;
    head[PID] = pid ?? NONE;
    head[HASH] = Number(hash);
  }

  get pending(): PendingChange | undefined {
    const head = this.#head;
    const length = head[LENGTH]!;
    if (length === 0) return undefined;
    return {
      path: decodeText(this.#path, 0, length),
      action: ACTIONS[head[ACTION]!]!,
      occurred: BigInt(head[OCCURRED]!) * 1_000_000n,
      cookie: head[COOKIE]!,
      pid: head[PID] === NONE ? undefined : head[PID]!,
      hash: head[HASH] === 1,
    };
  }
}
