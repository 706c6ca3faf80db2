import { gzip } from 'node:zlib';
import { timerMs } from '../base/clock.ts';
import { OSQUERY_VERSION } from '../base/version.ts';
import { authority, hostHeader, type Server } from './address.ts';
import { parseAnswer, unpacked } from './answer.ts';
import type { Connector } from './connector.ts';
import { Connections, type RawAnswer } from './exchange.ts';
import { type JsonObject, RemoteFailure } from './failure.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { Secrets } from './secrets.ts';

/** Read at each request; getters may follow what the configuration sets. */
export interface ClientOptions {
  /** Milliseconds of a request with all its redirects, `--tls_timeout`. */
  readonly totalMs: number;
  /** Bytes of an answer, before and after it is unpacked, `--tls_answer_max`. */
  readonly answerMost: number;
  /** `--tls_accept_gzip`. */
  readonly acceptGzip: boolean;
  /** Where `--tls_dump` prints bodies, one a line; undefined: nowhere. */
  readonly dump: ((line: string) => void) | undefined;
}

export interface Request {
  /** Begins with `/`, and may have a query. */
  readonly path: string;
  /** JSON; undefined asks with GET. */
  readonly body: string | undefined;
  /** Empty: without the header. */
  readonly nodeKey: string;
  /** Send the body compressed. */
  readonly compress?: boolean;
  /** Keys of the answer whose values are secret in this answer alone. */
  readonly secretKeys?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Of osquery, for each of these alike: the request is made again, body and all. */
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** As osquery. */
const MOST_REDIRECTS = 10;

/** Speaks osquery's remote API: JSON by POST over connections that are kept. */
export class RemoteClient {
  readonly #server: Server;
  readonly #options: ClientOptions;
  readonly #secrets: Secrets;
  readonly #connections: Connections;
  /** Of requests that are under way. */
  readonly #under = new Set<AbortController>();
  #closed = false;

  /** `keep`: connections outlive their request. */
  constructor(server: Server, connector: Connector, options: ClientOptions, secrets: Secrets, keep: boolean) {
    this.#server = server;
    this.#options = options;
    this.#secrets = secrets;
    this.#connections = new Connections(server, connector, keep);
  }

  /**
   * The object that the server answers with, `{}` for an empty answer. Rejects with `RemoteFailure`, also for each status that
   * is not 2xx; what such an answer says is in the failure.
   */
  async send(request: Request): Promise<JsonObject> {
    const { totalMs } = this.#options;
    const shown = `https://${authority(this.#server)}${this.#server.prefix}${request.path.replace(/\?.*/s, '')}`;
    const late = () =>
      end.abort(new RemoteFailure('timeout', `${shown}: no answer within ${totalMs / 1000} s (--tls_timeout)`));
    const given = () => end.abort(new RemoteFailure('closed', `${shown}: given up`));
    const end = new AbortController();
    const timer = setTimeout(late, timerMs(totalMs));
    request.signal?.addEventListener('abort', given);
    if (this.#closed || request.signal?.aborted) given();
    this.#under.add(end);
    try {
      return await this.#follow(request, end.signal);
    } catch (cause) {
      if (!(cause instanceof RemoteFailure)) throw cause;
      // A path may have the node key or the secret in it.
      throw new RemoteFailure(cause.kind, this.#secrets.mask(cause.message), cause);
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', given);
      this.#under.delete(end);
    }
  }

  /** Ends what is under way, and all connections. */
  close(): void {
    this.#closed = true;
    for (const end of this.#under) end.abort(new RemoteFailure('closed', 'a request was given up: the agent ends'));
    this.#connections.close();
  }

  async #follow(request: Request, signal: AbortSignal): Promise<JsonObject> {
    const packed = request.compress === true && request.body !== undefined;
    const body =
      request.body === undefined ? undefined : packed ? await zipped(request.body) : Buffer.from(request.body);
    if (request.body !== undefined) this.#dump(request.body);
    let { path } = request;
    for (let redirects = 0; ; redirects++) {
      signal.throwIfAborted();
      const source = `https://${authority(this.#server)}${this.#server.prefix}${path.replace(/\?.*/s, '')}`;
      const answer = await this.#connections.exchange({
        method: body === undefined ? 'GET' : 'POST',
        path: escaped(path),
        headers: this.#headers(request, body, packed),
        body,
        source,
        most: this.#options.answerMost,
        signal,
      });
      if (!REDIRECTS.has(answer.status)) return await this.#read(answer, source, request.secretKeys);
      if (redirects === MOST_REDIRECTS) {
        throw new RemoteFailure('redirect', `${source}: more than ${MOST_REDIRECTS} redirects`, answer);
      }
      path = this.#redirected(answer, source, path);
    }
  }

  /** In osquery's order. */
  #headers({ nodeKey }: Request, body: Buffer | undefined, packed: boolean): string[] {
    const json = 'application/json';
    const headers = ['Content-Type', json, 'Accept', json, 'User-Agent', `osquery/${OSQUERY_VERSION}`];
    // A header is bytes; Node takes one character for each.
    if (nodeKey !== '') headers.push('Authorization', `NodeKey ${Buffer.from(nodeKey).latin1Slice()}`);
    if (packed) headers.push('Content-Encoding', 'gzip');
    headers.push('Host', hostHeader(this.#server));
    if (this.#options.acceptGzip) headers.push('Accept-Encoding', 'gzip');
    if (body !== undefined) headers.push('Content-Length', `${body.length}`);
    return headers;
  }

  async #read(raw: RawAnswer, source: string, secretKeys?: readonly string[]): Promise<JsonObject> {
    const { status, headers } = raw;
    const good = status >= 200 && status < 300;
    let answer: JsonObject | undefined;
    try {
      const body = await unpacked(raw.body, headers['content-encoding'] ?? '', this.#options.answerMost);
      if (this.#options.dump !== undefined) this.#dump(body.utf8Slice(), secretKeys);
      answer = parseAnswer(body);
    } catch (cause) {
      if (!(cause instanceof RemoteFailure)) throw cause;
      // An error page of a proxy is no JSON; that it is an error says more.
      if (good) throw new RemoteFailure(cause.kind, `${source}: ${cause.message}`, { status });
    }
    if (good) return answer ?? {};
    const busy = status === 429 || status === 503;
    const retryAfter = busy ? parseRetryAfter(headers['retry-after'], Date.now()) : undefined;
    const asked = retryAfter === undefined ? '' : `, to be asked again in ${Math.ceil(retryAfter)} s`;
    throw new RemoteFailure('status', `${source}: HTTP status ${status}${asked}`, { status, retryAfter, answer });
  }

  /** Where a redirect leads, if it is the same server: nobody else gets the node key. */
  #redirected({ status, headers }: RawAnswer, source: string, path: string): string {
    const refuse = (why: string) =>
      new RemoteFailure('redirect', `${source}: redirect (HTTP ${status}) ${why}`, { status });
    const origin = `https://${authority(this.#server)}`;
    const { location } = headers;
    if (location === undefined) throw refuse('without a Location');
    const target = URL.parse(location, `${origin}${this.#server.prefix}${path}`);
    if (target === null) throw refuse('to what is no URL');
    if (target.origin !== new URL(origin).origin) {
      throw refuse(`to ${target.origin}, which is not followed: name that server in --tls_hostname if it is right`);
    }
    return `${target.pathname}${target.search}`.slice(this.#server.prefix === '' ? 0 : this.#within(target, refuse));
  }

  /** Length of what stands before every path, which `exchange` puts there. */
  #within({ pathname }: URL, refuse: (why: string) => RemoteFailure): number {
    if (!pathname.startsWith(`${this.#server.prefix}/`))
      throw refuse(`out of ${this.#server.prefix}, see --tls_hostname`);
    return this.#server.prefix.length;
  }

  #dump(text: string, secretKeys?: readonly string[]): void {
    this.#options.dump?.(this.#secrets.mask(text, secretKeys).replaceAll('\n', '\\n'));
  }
}

function zipped(text: string): Promise<Buffer> {
  return new Promise((resolve, reject) => gzip(text, (cause, packed) => (cause ? reject(cause) : resolve(packed))));
}

/** What may stand in a request line. */
function escaped(path: string): string {
  return path.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent);
}
