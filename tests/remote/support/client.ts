import { parseProxy, parseServer } from '../../../src/remote/address.ts';
import { RemoteClient } from '../../../src/remote/client.ts';
import { Connector } from '../../../src/remote/connector.ts';
import { RemoteFailure } from '../../../src/remote/failure.ts';
import { Secrets } from '../../../src/remote/secrets.ts';
import { AUTHORITY } from './server.ts';

export interface ClientSettings {
  readonly authorities?: readonly string[];
  readonly certificate?: { readonly certificate: string; readonly key: string };
  readonly proxy?: string;
  readonly unsafe?: boolean;
  readonly reuse?: boolean;
  readonly sessionSeconds?: number;
  readonly connectMs?: number;
  readonly totalMs?: number;
  readonly answerMost?: number;
  readonly acceptGzip?: boolean;
  readonly dump?: (line: string) => void;
  readonly now?: () => number;
  readonly secrets?: Secrets;
}

/** A client of a server that is called `hostname`, closed at the end of its scope. */
export function clientOf(hostname: string, settings: ClientSettings = {}): RemoteClient & Disposable {
  const { reuse = true, secrets = new Secrets() } = settings;
  const server = parseServer(hostname);
  const connector = new Connector(server, {
    authorities: () => ({ certificates: settings.authorities ?? [AUTHORITY.certificate], source: '/etc/test.pem' }),
    client: () => settings.certificate,
    proxy: settings.proxy === undefined ? undefined : parseProxy(settings.proxy),
    unsafe: settings.unsafe ?? false,
    connectMs: settings.connectMs ?? 10_000,
    resumes: reuse,
    sessionSeconds: settings.sessionSeconds ?? 3600,
    now: settings.now ?? (() => performance.now()),
  });
  const client = new RemoteClient(
    server,
    connector,
    {
      totalMs: settings.totalMs ?? 20_000,
      answerMost: settings.answerMost ?? 64 * 1024 * 1024,
      acceptGzip: settings.acceptGzip ?? false,
      dump: settings.dump,
    },
    secrets,
    reuse,
  );
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

/** The failure that a request ends with. */
export async function failure(request: Promise<unknown>): Promise<RemoteFailure> {
  try {
    await request;
  } catch (cause) {
    if (cause instanceof RemoteFailure) return cause;
    throw cause;
  }
  throw new Error('it did not fail');
}

export const CONFIG = { path: '/config', body: '{"node_key":"KEY-ONE"}', nodeKey: 'KEY-ONE' };
