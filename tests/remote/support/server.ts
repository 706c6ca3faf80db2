/** An HTTPS server for tests: it notes what it gets, and answers as the test says. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { type Issued, issue } from './certificates.ts';

export interface Heard {
  readonly method: string;
  readonly url: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage['headers'];
  /** Unpacked. */
  readonly body: string;
  /** Number of its connection. */
  readonly connection: number;
  readonly resumed: boolean;
  readonly protocol: string | null;
  readonly serverName: string | false | null | undefined;
}

export type Answering = (request: Heard, response: ServerResponse) => void;

export const AUTHORITY = issue({ name: 'test authority', authority: true });
export const LOCALHOST = issue({
  name: 'localhost',
  dns: ['localhost'],
  ips: [
    [127, 0, 0, 1],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  ],
  by: AUTHORITY,
});

export class TestServer implements AsyncDisposable {
  readonly heard: Heard[] = [];
  connections = 0;
  /** `{}` if a test says nothing else. */
  answer: Answering = (_request, response) => response.end('{}');
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
  }

  static async start({
    identity = LOCALHOST,
    options = {},
    host = '127.0.0.1',
    port = 0,
  }: {
    identity?: Issued;
    options?: TlsOptions;
    host?: string;
    port?: number;
  } = {}): Promise<TestServer> {
    const server = createServer({ cert: identity.certificate, key: identity.key, ...options });
    const one = new TestServer(server);
    const numbers = new WeakMap<object, number>();
    server.on('secureConnection', (socket: TLSSocket) => {
      one.connections += 1;
      numbers.set(socket, one.connections);
      socket.on('error', () => undefined);
    });
    server.on('tlsClientError', () => undefined);
    server.on('request', async (request, response) => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece);
      const whole = Buffer.concat(pieces);
      const socket = request.socket as TLSSocket;
      const heard: Heard = {
        method: request.method!,
        url: request.url!,
        rawHeaders: request.rawHeaders,
        headers: request.headers,
        body: (request.headers['content-encoding'] === 'gzip' ? gunzipSync(whole) : whole).toString(),
        connection: numbers.get(socket)!,
        resumed: socket.isSessionReused(),
        protocol: socket.getProtocol(),
        serverName: (socket as { servername?: string | false | null }).servername,
      };
      one.heard.push(heard);
      one.answer(heard, response);
    });
    server.listen(port, host);
    await once(server, 'listening');
    return one;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Answers with JSON. */
  json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): void {
    this.answer = (_request, response) => response.writeHead(status, headers).end(JSON.stringify(value));
  }

  closeConnections(): void {
    this.#server.closeAllConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
