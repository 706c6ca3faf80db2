import type { ClientRequestArgs, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Server } from './address.ts';
import { tooLarge } from './answer.ts';
import type { Connector } from './connector.ts';
import { explained } from './explain.ts';
import { RemoteFailure } from './failure.ts';
import { Agent, request } from './http.ts';

export interface Exchange {
  readonly method: 'POST' | 'GET';
  /** With what stands before it in the server's name. */
  readonly path: string;
  /** Names and values in turn, in this order. */
  readonly headers: readonly string[];
  readonly body: Buffer | undefined;
  /** What a message calls it. */
  readonly source: string;
  /** Bytes of the answer as it comes. */
  readonly most: number;
  /** Aborted with the `RemoteFailure` that the request then ends with: it took too long, or the agent ends. */
  readonly signal: AbortSignal;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Requests that are under way at once: logs, queries, the configuration and a carve. More wait. */
const MOST_CONNECTIONS = 4;
/** Connections that are kept for the next one: between them they have 100 KiB of OpenSSL's. */
const MOST_IDLE = 2;
/** Servers and balancers close idle connections after 60 to 75 seconds; what a server says itself, Node heeds. */
const IDLE_MS = 55_000;
/** Before the kernel asks whether the other end is still there. */
const KEEP_ALIVE_MS = 30_000;

/** Connections to one server, kept for the next request; HTTP by Node, the connections by a `Connector`. */
export class Connections {
  readonly #connector: Connector;
  readonly #server: Server;
  readonly #agent: ConnectorAgent;

  /** `keep`: connections outlive their request, as `--tls_session_reuse` says. */
  constructor(server: Server, connector: Connector, keep: boolean) {
    this.#server = server;
    this.#connector = connector;
    this.#agent = new ConnectorAgent(connector, keep);
  }

  /**
   * One request and its answer, whatever its status. Rejects with `RemoteFailure`. A kept connection that the server closed
   * just then costs nothing: the request goes out again, on a new one, if no byte of an answer came.
   */
  async exchange(exchange: Exchange): Promise<RawAnswer> {
    for (;;) {
      try {
        return await this.#once(exchange);
      } catch (cause) {
        exchange.signal.throwIfAborted();
        if (!(cause instanceof StaleConnection)) throw cause;
      }
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #once({ method, path, headers, body, source, most, signal }: Exchange): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const sent = request({
        host: this.#server.host,
        port: this.#server.port,
        method,
        path: this.#server.prefix + path,
        headers,
        setHost: false,
        agent: this.#agent,
        signal,
      });
      let answered = false;
      const fail = (cause: Error) => {
        const gone = (cause as NodeJS.ErrnoException).code;
        if (sent.reusedSocket && !answered && (gone === 'ECONNRESET' || gone === 'EPIPE')) {
          return reject(new StaleConnection());
        }
        const failure = explained(cause, this.#connector.peer);
        // A certificate of ours that was refused is said only after the connection stood.
        if (failure.kind === 'tls') this.#connector.forget();
        reject(new RemoteFailure(failure.kind, `${source}: ${failure.message}`));
      };
      sent.on('error', fail);
      sent.on('response', (response) => {
        answered = true;
        collect(response, most).then(
          (whole) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: whole }),
          (cause) => {
            sent.destroy();
            fail(cause);
          },
        );
      });
      sent.end(body);
    });
  }
}

/** The server closed a kept connection before it had this request. */
class StaleConnection extends Error {}

async function collect(response: IncomingMessage, most: number): Promise<Buffer> {
  const said = Number(response.headers['content-length'] ?? 0);
  if (said > most) throw tooLarge(most, `${said} bytes`);
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > most) throw tooLarge(most, 'it was not read to its end');
    pieces.push(piece);
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, bytes);
}

class ConnectorAgent extends Agent {
  readonly #connector: Connector;

  constructor(connector: Connector, keepAlive: boolean) {
    super({
      keepAlive,
      keepAliveMsecs: KEEP_ALIVE_MS,
      maxSockets: MOST_CONNECTIONS,
      maxFreeSockets: MOST_IDLE,
      scheduling: 'lifo',
      timeout: IDLE_MS,
    });
    this.#connector = connector;
  }

  override createConnection(
    _options: ClientRequestArgs,
    callback?: (cause: Error | null, stream: Duplex) => void,
  ): undefined {
    const done = callback as (cause: Error | null, stream?: Duplex) => void;
    this.#connector.connect().then(
      (socket) => done(null, socket),
      (cause: Error) => done(cause),
    );
    return undefined;
  }
}
