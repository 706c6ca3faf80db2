import { EventEmitter } from 'node:events';
import type { QueryReply, QueryRequest } from '../../src/daemon/query-protocol.ts';
import type { ThreadShare } from '../../src/daemon/sql-thread.ts';
import type { RowText } from '../../src/results/row.ts';

/** A thread that answers as a test says. */
export class FakeThread extends EventEmitter {
  readonly asked: QueryRequest[] = [];
  terminated = false;
  /** Whether its end comes when it is asked for. */
  ends = true;
  share: ThreadShare | undefined;
  answer: (request: QueryRequest) => void = () => {};
  /** Bytes, where it says how many it has. */
  memory: number | undefined;

  postMessage(request: QueryRequest): void {
    this.asked.push(request);
    this.reply({ id: request.id, kind: 'begun' });
    this.answer(request);
  }

  reply(reply: QueryReply): void {
    this.emit('message', reply);
  }

  /** Answers every query with these rows. */
  answering(...rows: string[]): this {
    this.answer = ({ id }) => {
      this.reply({ id, kind: 'rows', rows: rows as RowText[] });
      this.reply({ id, kind: 'done', costs: { userMs: 1, systemMs: 2, memory: 3 } });
    };
    return this;
  }

  /** Is inside of a call that does not come back. */
  hanging(path: string): this {
    this.ends = false;
    this.answer = () => this.share!.activity.enter('stat', path);
    return this;
  }

  async getHeapStatistics() {
    if (this.memory === undefined) throw new Error('it has ended');
    return { total_physical_size: this.memory, external_memory: 0 };
  }

  async cpuUsage() {
    return { user: 250_000, system: 50_000 };
  }

  terminate(): Promise<void> {
    this.terminated = true;
    return this.ends ? Promise.resolve() : new Promise(() => {});
  }

  unref(): void {}
}
