import { Activity, type Operation } from '../base/activity.ts';
import type { LeftAlone } from '../host/left-alone.ts';
import { QueryStopped } from './query-outcome.ts';
import type { QueryReply, QueryRequest } from './query-protocol.ts';
import type { MeasuredThread } from './thread-use.ts';

/** A thread, as `Worker` is one. */
export interface Thread extends MeasuredThread {
  on(event: 'message', listener: (reply: QueryReply) => void): unknown;
  on(event: 'error', listener: (cause: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  postMessage(request: QueryRequest): void;
  terminate(): Promise<unknown>;
  /** Lets the process end before it. */
  unref(): void;
}

/** What a thread is started with. */
export interface ThreadShare {
  /** Shared with it; `cancel[0]` not 0 stops its query. */
  readonly cancel: Int32Array;
  /** Where it notes the call that it is inside of. */
  readonly activity: Activity;
}

export type StartThread = (share: ThreadShare) => Thread;

/** A call that did not come back. */
export interface HungCall {
  readonly operation: Operation;
  readonly path: string;
  readonly seconds: number;
  /** Of who asked. */
  readonly query: string;
}

/** Who watches over threads. */
export interface ThreadWatch {
  /** Milliseconds in one call after which a thread hangs. */
  hangMs(): number;
  /** Hears of a call that hangs; the query has its error when this is done. */
  hangs(call: HungCall): Promise<void>;
  /** A thread that did not stop was told to end, and nobody waits for it. */
  givenUp(thread: Thread): void;
  /** What threads are to leave alone from now on. */
  leftAlone(): readonly LeftAlone[];
}

export function newShare(): ThreadShare {
  return { cancel: new Int32Array(new SharedArrayBuffer(4)), activity: new Activity() };
}

/** What became of the query of a thread that failed. */
export function failure(cause: Error): Error {
  if ((cause as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new QueryStopped('needs too much memory');
  return new Error(`its thread failed: ${cause.message}`);
}
