import type { Duplex } from 'node:stream';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { timerMs } from '../base/clock.ts';
import { authority, type ProxyServer, type Server, serverName } from './address.ts';
import type { Authorities } from './authorities.ts';
import { explained, type Peer } from './explain.ts';
import { RemoteFailure } from './failure.ts';
import { request } from './http.ts';

export interface ConnectorOptions {
  /** Read when a connection is made and the last one failed, so that renewed files are found. They throw `RemoteFailure`. */
  readonly authorities: () => Authorities;
  readonly client: () => { readonly certificate: string; readonly key: string } | undefined;
  readonly proxy: ProxyServer | undefined;
  /** `--tls_allow_unsafe`: the certificate of the server is not checked. */
  readonly unsafe: boolean;
  /** Milliseconds for name, connection, proxy and TLS together. */
  readonly connectMs: number;
  /** `--tls_session_reuse`. */
  readonly resumes: boolean;
  /** Seconds that a session may be resumed; 0 for ever. */
  readonly sessionSeconds: number;
  /** Milliseconds, forward only. */
  readonly now: () => number;
}

interface Credentials {
  readonly context: SecureContext;
  readonly authorities: string;
}

interface Session {
  readonly ticket: Buffer;
  readonly at: number;
}

/** Makes connections to one server: directly or through a proxy, by TLS 1.2 or 1.3, with its certificate checked. */
export class Connector {
  readonly #server: Server;
  readonly #options: ConnectorOptions;
  #credentials: Credentials | undefined;
  #session: Session | undefined;

  constructor(server: Server, options: ConnectorOptions) {
    this.#server = server;
    this.#options = options;
  }

  /** Whom the certificate is checked against, for messages. */
  get peer(): Peer {
    return {
      name: authority(this.#server),
      host: this.#server.host,
      authorities: this.#credentials?.authorities ?? 'nobody yet',
    };
  }

  /** What was said by TLS after the connection stood: a certificate that was refused, a session that was forgotten. */
  forget(): void {
    this.#credentials = undefined;
    this.#session = undefined;
  }

  /** A connection that may be written to. Rejects with `RemoteFailure`. */
  async connect(): Promise<TLSSocket> {
    const signal = AbortSignal.timeout(timerMs(this.#options.connectMs));
    try {
      this.#credentials ??= this.#load();
      const { context } = this.#credentials;
      const tunnel = this.#options.proxy && (await throughProxy(this.#options.proxy, this.#server, signal));
      return await this.#secure(context, tunnel, signal);
    } catch (cause) {
      this.forget();
      if (signal.aborted) {
        const seconds = this.#options.connectMs / 1000;
        throw new RemoteFailure(
          'timeout',
          `no connection to ${this.peer.name} within ${seconds} s (--tls_connect_timeout)`,
        );
      }
      throw explained(cause as Error, this.peer);
    }
  }

  #load(): Credentials {
    const { certificates, source } = this.#options.authorities();
    const client = this.#options.client();
    try {
      const context = createSecureContext({
        minVersion: 'TLSv1.2',
        ...(certificates !== undefined && { ca: [...certificates] }),
        ...(client !== undefined && { cert: client.certificate, key: client.key }),
      });
      return { context, authorities: source };
    } catch (cause) {
      const files = client === undefined ? source : `${source}, --tls_client_cert or --tls_client_key`;
      throw new RemoteFailure('local', `${files}: not taken by OpenSSL: ${(cause as NodeJS.ErrnoException).code}`);
    }
  }

  #secure(context: SecureContext, tunnel: Duplex | undefined, signal: AbortSignal): Promise<TLSSocket> {
    const { host, port } = this.#server;
    let shown: PeerCertificate | undefined;
    const session = this.#resumable();
    const socket = connect({
      host,
      port,
      ...(tunnel !== undefined && { socket: tunnel }),
      secureContext: context,
      servername: serverName(host),
      rejectUnauthorized: !this.#options.unsafe,
      checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
      ...(session !== undefined && { session }),
    });
    return new Promise<TLSSocket>((resolve, reject) => {
      const abort = () => socket.destroy(signal.reason);
      const settle = () => {
        signal.removeEventListener('abort', abort);
        socket.removeListener('error', failed);
        socket.removeListener('close', closed);
      };
      const failed = (cause: Error) => {
        settle();
        // What OpenSSL says after this connection failed is about nothing any more.
        socket.on('error', () => undefined);
        reject(explained(cause, { ...this.peer, certificate: shown }));
      };
      const closed = () => failed(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
      // Before Node looks at the certificate, and throws it away if it does not fit.
      socket.prependListener('secure', () => {
        shown = socket.getPeerCertificate();
      });
      signal.addEventListener('abort', abort);
      socket.once('error', failed);
      socket.once('close', closed);
      socket.once('secureConnect', () => {
        settle();
        socket.setNoDelay(true);
        resolve(socket);
      });
      if (this.#options.resumes) {
        socket.on('session', (ticket) => {
          this.#session = { ticket, at: this.#options.now() };
        });
      }
    });
  }

  #resumable(): Buffer | undefined {
    const { sessionSeconds, now } = this.#options;
    if (this.#session === undefined) return undefined;
    const age = (now() - this.#session.at) / 1000;
    return sessionSeconds === 0 || age < sessionSeconds ? this.#session.ticket : undefined;
  }
}

/** A way through a proxy to the server (RFC 9110, section 9.3.6). */
function throughProxy(proxy: ProxyServer, server: Server, signal: AbortSignal): Promise<Duplex> {
  const target = authority(server);
  const name = authority(proxy);
  const { user, password } = proxy;
  const basic = Buffer.from(`${user ?? ''}:${password}`).toString('base64');
  return new Promise((resolve, reject) => {
    const asked = request({
      host: proxy.host,
      port: proxy.port,
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...(user !== undefined && { 'proxy-authorization': `Basic ${basic}` }) },
      agent: false,
      signal,
    });
    const refuse = (status: number | undefined) => {
      const why = status === 407 ? 'it wants a user and a password: user:password@host:port' : 'it refuses';
      reject(
        new RemoteFailure(
          'connect',
          `the proxy ${name} answers with HTTP status ${status}: ${why}; see --proxy_hostname`,
        ),
      );
      asked.destroy();
    };
    asked.on('connect', ({ statusCode = 0 }, socket, head) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        return refuse(statusCode);
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    asked.on('response', (response) => {
      response.resume();
      refuse(response.statusCode);
    });
    asked.on('error', (cause) => {
      const peer = { name: `the proxy ${name}`, host: proxy.host, authorities: '', flag: '--proxy_hostname' };
      reject(explained(cause, peer));
    });
    asked.end();
  });
}
