import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { AgentInfo, EventSourceState, PackState, ScheduledQueryState } from '../schema/agent.ts';

/** What the daemon knows of itself, for the `osquery_*` tables. */
export interface DaemonState {
  readonly info: AgentInfo;
  readonly schedule: readonly ScheduledQueryState[];
  readonly packs: readonly PackState[];
  readonly events: readonly EventSourceState[];
}

/** One end of a channel on which a thread asks for the state and waits for it. */
export interface StateEnd {
  readonly port: MessagePort;
  /** Shared; not 0 once an answer is there. */
  readonly answered: Int32Array;
}

/** Far longer than the main thread ever takes; it never waits for anybody. */
const PATIENCE_MS = 10_000;

/** Answers who asks at the other end of `port`. */
export function serveState({ port, answered }: StateEnd, state: () => DaemonState): void {
  port.on('message', () => {
    port.postMessage(state());
    Atomics.store(answered, 0, 1);
    Atomics.notify(answered, 0);
  });
  // Nobody is kept alive by being asked.
  port.unref();
}

/** Asks, and blocks the thread until the answer is there: a table cannot wait otherwise. */
export function askState({ port, answered }: StateEnd): DaemonState {
  Atomics.store(answered, 0, 0);
  port.postMessage(null);
  Atomics.wait(answered, 0, 0, PATIENCE_MS);
  const received = receiveMessageOnPort(port) as { readonly message: DaemonState } | undefined;
  if (received === undefined) throw new Error('the daemon does not say how it is');
  return received.message;
}
