import type { PeerCertificate } from 'node:tls';
import { type FailureKind, RemoteFailure } from './failure.ts';

/** What a message about a connection needs to know. */
export interface Peer {
  /** `host:port`. */
  readonly name: string;
  readonly host: string;
  /** Whom the certificate was checked against. */
  readonly authorities: string;
  /** That the server showed, as far as it came. */
  readonly certificate?: PeerCertificate | undefined;
  /** What this is about, if not the server: `the proxy …`. */
  readonly flag?: string;
}

/** Nobody whom we believe has signed it: names of `X509_verify_cert_error_string(3)`. */
const AUTHORITY = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'it is signed by itself'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its authority is not among the known ones'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'its authority is not among the known ones'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its authority is not among the known ones'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its authority is not among the known ones, or an intermediate one is missing'],
  ['CERT_SIGNATURE_FAILURE', 'its signature is wrong'],
  ['CERT_UNTRUSTED', 'its authority is not trusted for servers'],
  ['CERT_REJECTED', 'its authority refuses it'],
  ['CERT_CHAIN_TOO_LONG', 'its chain is too long'],
  ['PATH_LENGTH_EXCEEDED', 'its chain is longer than its authority allows'],
  ['INVALID_CA', 'who signed it is no authority'],
  ['INVALID_PURPOSE', 'it is not for servers'],
  ['CERT_REVOKED', 'it was revoked'],
]);

const CONNECTING = new Map([
  ['ECONNREFUSED', 'nobody listens there'],
  ['ENOTFOUND', 'there is no such name'],
  ['EAI_AGAIN', 'the name cannot be looked up now'],
  ['EHOSTUNREACH', 'there is no way to that host'],
  ['ENETUNREACH', 'there is no way to that network'],
  ['EADDRNOTAVAIL', 'this machine has no address for it'],
  ['ETIMEDOUT', 'no answer'],
  ['EACCES', 'the system forbids it'],
  ['EPERM', 'the system forbids it'],
  ['EMFILE', 'this process has too many files open'],
]);

/** An error of Node's sockets, TLS or HTTP in the words of whoever has to mend it. */
export function explained(cause: Error, peer: Peer): RemoteFailure {
  return cause instanceof RemoteFailure ? cause : new RemoteFailure(...reason(cause, peer));
}

function reason(cause: Error, peer: Peer): readonly [FailureKind, string] {
  const code = codeOf(cause);
  const { name, host, certificate } = peer;
  const where = peer.flag ?? '--tls_hostname';
  const whose = `the certificate of ${name}`;
  const authority = AUTHORITY.get(code);
  if (authority !== undefined) {
    const by = certificate?.issuer?.CN ? ` (signed by ${text(certificate.issuer.CN)})` : '';
    const known = `checked against ${peer.authorities}; --tls_server_certs names others`;
    return ['certificate', `the authority of ${whose} does not fit: ${authority}${by}; ${known}`];
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = certificate?.subjectaltname ?? (certificate?.subject?.CN && `CN:${certificate.subject.CN}`);
    return ['certificate', `the name in ${whose} does not fit: it is for ${text(names)}, not ${host}; see ${where}`];
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const [when, date] =
      code === 'CERT_HAS_EXPIRED'
        ? ['was valid until', certificate?.valid_to]
        : ['is valid from', certificate?.valid_from];
    const now = `now it is ${new Date().toUTCString()} here`;
    return ['certificate', `the date of ${whose} does not fit: it ${when} ${text(date)}, ${now}; see ${where}`];
  }
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_(EXPIRED|UNKNOWN)/.test(code)) {
    return ['tls', `${name} refuses us: ${code}; it may want a certificate: --tls_client_cert, --tls_client_key`];
  }
  if (
    code === 'ERR_SSL_WRONG_VERSION_NUMBER' ||
    code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG' ||
    /HTTP_REQUEST/.test(code)
  ) {
    return ['tls', `${name} does not speak TLS; see ${where}`];
  }
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code)) {
    return ['tls', `${name} has neither TLS 1.2 nor 1.3; see ${where}`];
  }
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO' || code.startsWith('ERR_TLS_'))
    return ['tls', `${name}: ${code}`];
  const way = CONNECTING.get(code);
  if (way !== undefined) return ['connect', `${name}: ${way} (${code}); see ${where}`];
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE') {
    return ['cut', `${name} closed the connection before its answer was whole`];
  }
  if (code === 'HPE_HEADER_OVERFLOW') return ['too large', `${name} answers with more headers than we take (16 KiB)`];
  if (code.startsWith('HPE_')) return ['malformed', `${name} does not answer in HTTP (${code})`];
  return ['connect', `${name}: ${code}`];
}

/** Where a name has several addresses, Node tries all, and its error holds one of each. */
function codeOf(cause: Error): string {
  for (const one of [cause, ...(cause instanceof AggregateError ? cause.errors : [])]) {
    const code: unknown = (one as NodeJS.ErrnoException).code;
    if (typeof code === 'string') return code;
  }
  return cause.message;
}

/** Characters of a certificate's names that a message repeats. */
const SHOWN = 200;

/** What a certificate says, in one line. */
function text(value: string | undefined): string {
  const line = (value || 'nobody').replace(/[^\x20-\x7e]/g, '?');
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}
