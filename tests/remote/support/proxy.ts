/** A CONNECT proxy for tests. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export class TestProxy implements AsyncDisposable {
  readonly asked: IncomingMessage[] = [];
  /** What a header `Proxy-Authorization` must be; undefined: none is wanted. */
  wants: string | undefined;
  /** Refuses with this. */
  status = 0;
  silent = false;
  readonly #server = createServer((_request, response) => response.writeHead(405).end());
  readonly #sockets = new Set<Socket>();

  static async start(): Promise<TestProxy> {
    const proxy = new TestProxy();
    proxy.#server.on('connect', (request, socket: Socket) => proxy.#connect(request, socket));
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #connect(request: IncomingMessage, socket: Socket): void {
    this.asked.push(request);
    this.#sockets.add(socket.on('error', () => undefined));
    if (this.silent) return;
    const denied = this.wants !== undefined && request.headers['proxy-authorization'] !== this.wants;
    const status = this.status || (denied ? 407 : 0);
    if (status !== 0) return void socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`);
    const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(request.url!)!;
    const target = connect(Number(port), host!, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    this.#sockets.add(target.on('error', () => socket.destroy()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server.close(), 'close');
  }
}
