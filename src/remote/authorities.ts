import { HostError, ifReadable } from '../base/errors.ts';
import type { Files } from '../host/host.ts';
import { RemoteFailure } from './failure.ts';

/** Whom we believe about a server's certificate. */
export interface Authorities {
  /** In PEM; undefined: those that Node brings. */
  readonly certificates: readonly string[] | undefined;
  /** Where they come from, for messages. */
  readonly source: string;
}

/** Where distributions keep the authorities of the system: Debian, Fedora, openSUSE, older Red Hat, Alpine. */
const SYSTEM_STORES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** The largest store of a distribution has 250 KiB. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Entries of a directory that are looked at; `/etc/ssl/certs` has 300. */
const MOST_ENTRIES = 10_000;

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/**
 * The authorities of `--tls_server_certs`, a file or a directory of files. Where nobody set the flag and its default file is not
 * there, those of the system, else Node's. Throws `RemoteFailure` where what was named has none.
 */
export function readAuthorities(files: Files, path: string, isSet: boolean): Authorities {
  if (path === '' || (!isSet && !files.exists(path))) return systemAuthorities(files);
  const certificates = named(files, path);
  if (certificates.length === 0) throw unusable(path, 'there is no certificate in PEM in it');
  return { certificates, source: `${path} (--tls_server_certs)` };
}

/** A file of `--tls_client_cert` or `--tls_client_key`. */
export function readClientFile(files: Files, flag: 'tls_client_cert' | 'tls_client_key', path: string): string {
  try {
    return files.readText(path, { limit: MOST_BYTES });
  } catch (cause) {
    if (!(cause instanceof HostError)) throw cause;
    throw new RemoteFailure('local', `${path}: cannot be read: ${cause.code}; see --${flag}`);
  }
}

function systemAuthorities(files: Files): Authorities {
  for (const path of SYSTEM_STORES) {
    const certificates = inText(ifReadable(() => files.readText(path, { limit: MOST_BYTES })) ?? '');
    if (certificates.length > 0) return { certificates, source: `the system, ${path}` };
  }
  return { certificates: undefined, source: 'Node; this system has no store of its own that we know' };
}

function named(files: Files, path: string): string[] {
  try {
    if (files.stat(path).kind !== 'directory') return inText(files.readText(path, { limit: MOST_BYTES }));
    // A directory made by c_rehash has each one twice.
    const all = new Set<string>();
    let room = MOST_BYTES;
    for (const { name } of files.list(path).slice(0, MOST_ENTRIES)) {
      const file = `${path.replace(/\/+$/, '')}/${name}`;
      const text = ifReadable(() => (files.stat(file).kind === 'regular' ? files.readText(file, { limit: room }) : ''));
      room -= text?.length ?? 0;
      for (const certificate of inText(text ?? '')) all.add(certificate);
    }
    return [...all];
  } catch (cause) {
    if (!(cause instanceof HostError)) throw cause;
    throw unusable(path, cause.code);
  }
}

function inText(text: string): string[] {
  return text.match(CERTIFICATE) ?? [];
}

function unusable(path: string, why: string): RemoteFailure {
  return new RemoteFailure('local', `${path}: the server cannot be checked against it: ${why}; see --tls_server_certs`);
}
