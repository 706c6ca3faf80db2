import type { RemoteClient, Request } from './client.ts';
import type { Enrolment } from './enrolment.ts';
import { type FailureKind, type JsonObject, RemoteFailure } from './failure.ts';
import { oneLine } from './node-key.ts';
import type { Secrets } from './secrets.ts';

/** Read at each request. */
export interface SessionOptions {
  /** `--tls_node_api`: the node key stands in the path. */
  readonly nodeApi: boolean;
  /** `--tls_secret_always`: so does the secret. */
  readonly secretAlways: boolean;
  /** `--tls_enroll_override`. */
  readonly secretName: string;
}

export interface Asking {
  /** Path of the endpoint, as its flag has it. */
  readonly endpoint: string;
  /** Makes the body, which names the node key where this endpoint wants it; undefined asks with GET. */
  readonly body: ((nodeKey: string) => object) | undefined;
  readonly compress?: boolean;
  /** An answer that has an `error` is one all the same: enrolment and carves. */
  readonly ignoresError?: boolean;
  /** Carves do not look whether the server still knows the node. */
  readonly ignoresInvalid?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Nobody could be spoken to. That one endpoint says no is something else. */
const AWAY: ReadonlySet<FailureKind> = new Set(['connect', 'certificate', 'tls', 'timeout', 'cut']);
/** What a balancer says whose servers are away. */
const GATEWAY = new Set([502, 503, 504]);

/** Requests of a node that its server knows: with its key, and with another one when the server knows it no more. */
export class RemoteSession {
  readonly #client: RemoteClient;
  readonly #enrolment: () => Enrolment;
  readonly #options: () => SessionOptions;
  readonly #secret: () => string;
  readonly #secrets: Secrets;
  readonly #listeners = new Set<() => void>();
  #away = false;

  /** `secret` throws `RemoteFailure` where there is none. */
  constructor(
    client: RemoteClient,
    enrolment: () => Enrolment,
    options: () => SessionOptions,
    secret: () => string,
    secrets: Secrets,
  ) {
    this.#client = client;
    this.#enrolment = enrolment;
    this.#options = options;
    this.#secret = secret;
    this.#secrets = secrets;
  }

  /** An answer that is good. Rejects with `RemoteFailure`, also while the node is not enrolled. */
  async ask(asking: Asking): Promise<JsonObject> {
    const enrolment = this.#enrolment();
    const nodeKey = await enrolment.key();
    const refuses = (answer: JsonObject | undefined) => !asking.ignoresInvalid && answer?.['node_invalid'] === true;
    try {
      const answer = await this.#send({
        path: this.path(asking.endpoint, nodeKey),
        body: asking.body && JSON.stringify(asking.body(nodeKey)),
        nodeKey,
        ...(asking.compress !== undefined && { compress: asking.compress }),
        signal: asking.signal,
      });
      if (refuses(answer))
        throw new RemoteFailure('node invalid', `${asking.endpoint}: the server does not know this node`);
      const { error } = answer;
      if (error === undefined || asking.ignoresError) return answer;
      const said = typeof error === 'string' ? this.#secrets.mask(oneLine(error)) : '<unknown>';
      throw new RemoteFailure('refused', `${asking.endpoint}: the server says: ${said}`, { answer });
    } catch (cause) {
      if (!(cause instanceof RemoteFailure)) throw cause;
      // Fleet says so with status 401.
      if (cause.kind !== 'node invalid' && !refuses(cause.answer)) throw cause;
      enrolment.refused(nodeKey);
      throw cause.kind === 'node invalid' ? cause : new RemoteFailure('node invalid', cause.message, cause);
    }
  }

  /** Sends an enrolment. */
  enroll(endpoint: string, body: string): Promise<JsonObject> {
    return this.#send({ path: this.path(endpoint, ''), body, nodeKey: '', secretKeys: ['id'] });
  }

  /** Hears that the server answers again after it could not be reached. Call the result to hear no more. */
  onBack(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #send(request: Request): Promise<JsonObject> {
    try {
      const answer = await this.#client.send(request);
      const back = this.#away;
      this.#away = false;
      if (back) for (const listener of this.#listeners) listener();
      return answer;
    } catch (cause) {
      if (cause instanceof RemoteFailure && (AWAY.has(cause.kind) || GATEWAY.has(cause.status ?? 0))) this.#away = true;
      throw cause;
    }
  }

  /** As osquery builds it, its `&` without a `?` too: servers of this kind expect it so. What could break out of it is escaped. */
  path(endpoint: string, nodeKey: string): string {
    const { nodeApi, secretAlways, secretName } = this.#options();
    let path = endpoint.startsWith('/') ? endpoint : `/${endpoint}`;
    const key = encodeURIComponent(nodeKey);
    if (nodeApi && key !== '') path = `/${key}${path}&node_key=${key}`;
    if (!secretAlways) return path;
    return `${path}${path.includes('?') ? '&' : '?'}${secretName}=${encodeURIComponent(this.#secret())}`;
  }
}
