import { UserError } from '../base/errors.ts';
import { parseIp } from '../base/ip-address.ts';

/** A server as `--tls_hostname` names it. */
export interface Server {
  /** A name or an address; an IPv6 one without brackets. */
  readonly host: string;
  readonly port: number;
  /** What stands before every path: `/osquery` of `fleet.example.com/osquery`; usually empty. */
  readonly prefix: string;
}

/** A proxy as `--proxy_hostname` names it. */
export interface ProxyServer {
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly password: string;
}

const HTTPS_PORT = 443;
/** Of a proxy without a port, as in osquery (`http_client.h`). */
const PROXY_PORT = 3128;

/** `host`, `host:port`, `[::1]:port`, with a path or not. Throws `UserError`. */
export function parseServer(text: string): Server {
  const [, address, path = ''] = /^(?:https:\/\/)?([^/]*)(\/.*)?$/.exec(text.trim()) ?? [];
  return { ...hostAndPort('tls_hostname', text, address ?? '', HTTPS_PORT), prefix: path.replace(/\/+$/, '') };
}

/** `host:port`, with `user:password@` before it or not; `@`, `:` and `/` in them are written as in a URL, `%40`. */
export function parseProxy(text: string): ProxyServer {
  const [, credentials, address] = /^(?:http:\/\/)?(?:(.*)@)?([^@/]*)\/?$/s.exec(text.trim()) ?? [];
  const colon = credentials?.indexOf(':') ?? -1;
  const user = colon < 0 ? credentials : credentials!.slice(0, colon);
  return {
    ...hostAndPort('proxy_hostname', address ?? 'what was given', address ?? '', PROXY_PORT),
    user: user === undefined ? undefined : unescaped(user),
    password: colon < 0 ? '' : unescaped(credentials!.slice(colon + 1)),
  };
}

/** `host:port` as a request line and a message have it. */
export function authority({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The header `Host`: without the port where it is HTTPS's own. */
export function hostHeader(server: Server): string {
  return server.port === HTTPS_PORT ? authority(server).replace(/:443$/, '') : authority(server);
}

/** What TLS names in its greeting: never an address (RFC 6066, section 3). */
export function serverName(host: string): string {
  return parseIp(host) === undefined ? host : '';
}

function hostAndPort(flag: string, shown: string, text: string, usual: number): { host: string; port: number } {
  // An IPv6 address needs no brackets where no port follows.
  const bare = parseIp(text) !== undefined;
  const [, bracketed, plain, digits] = /^(?:\[([^[\]]*)\]|([^:[\]\s]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bare ? text : (bracketed ?? plain ?? '');
  const port = bare || digits === undefined ? usual : Number(digits);
  const wrongAddress = bracketed !== undefined && parseIp(bracketed) === undefined;
  if (host === '' || wrongAddress || port < 1 || port > 65535) {
    throw new UserError(`--${flag}: ${shown} is not a server; write host:port, 192.0.2.1:port or [2001:db8::1]:port`);
  }
  return { host, port };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
