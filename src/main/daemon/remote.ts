import { constants } from 'node:buffer';
import { monotonicNow } from '../../base/clock.ts';
import { UserError } from '../../base/errors.ts';
import type { OptionValues } from '../../config/option-values.ts';
import type { Host } from '../../host/host.ts';
import { REAL_TIMERS } from '../../loggers/timers.ts';
import { parseProxy, parseServer } from '../../remote/address.ts';
import { readAuthorities, readClientFile } from '../../remote/authorities.ts';
import { Backoff } from '../../remote/backoff.ts';
import { type ClientOptions, RemoteClient } from '../../remote/client.ts';
import { Connector } from '../../remote/connector.ts';
import { readSecret } from '../../remote/enroll-secret.ts';
import { Enrolment } from '../../remote/enrolment.ts';
import { RemoteFailure } from '../../remote/failure.ts';
import { hostDetails, type Select } from '../../remote/host-details.ts';
import { NodeKey } from '../../remote/node-key.ts';
import { Secrets } from '../../remote/secrets.ts';
import { RemoteSession } from '../../remote/session.ts';
import type { Store } from '../../store/store.ts';

export interface RemoteParts {
  readonly options: OptionValues;
  readonly store: Store;
  readonly host: Host;
  readonly hostIdentifier: () => string;
  /** Runs SQL for the details of this host. */
  readonly select: Select;
  readonly say: (severity: 'INFO' | 'WARNING' | 'ERROR', message: string) => void;
  /** Where `--tls_dump` prints. */
  readonly print: (text: string) => void;
}

/** What the plugins called `tls` share: one client, one enrolment, one back-off a kind of request. */
export interface Remote {
  readonly session: RemoteSession;
  readonly enrolment: Enrolment;
  /** For every text that repeats what a server or a request said. */
  readonly secrets: Secrets;
  /** Seconds; both are read at each failure. */
  backoff(base: () => number, most: () => number): Backoff;
  close(): void;
}

/** An answer becomes text, and V8's are no longer than this, 512 MiB. */
const MOST_CHARACTERS = constants.MAX_STRING_LENGTH;

/** The server of `--tls_hostname`. Nothing is sent before somebody asks. Throws `UserError` where a flag makes no sense. */
export function openRemote({ options, store, host, hostIdentifier, select, say, print }: RemoteParts): Remote {
  if (options.string('tls_hostname') === '') {
    throw new UserError('--tls_hostname is empty: a plugin called tls needs a server, host:port');
  }
  const server = parseServer(options.string('tls_hostname'));
  const proxy = options.string('proxy_hostname') === '' ? undefined : parseProxy(options.string('proxy_hostname'));
  const secrets = new Secrets();
  secrets.addName(options.string('tls_enroll_override'));
  if (proxy !== undefined) secrets.add(proxy.password);
  const keep = options.bool('tls_session_reuse');
  const unsafe = options.bool('tls_allow_unsafe');
  if (unsafe)
    say('WARNING', '--tls_allow_unsafe: the certificate of the server is not checked; anybody may pose as it');

  const connector = new Connector(server, {
    authorities: () =>
      readAuthorities(host.files, options.string('tls_server_certs'), options.isSet('tls_server_certs')),
    client: () => clientCertificate(options, host),
    proxy,
    unsafe,
    connectMs: Math.max(1, options.number('tls_connect_timeout')) * 1000,
    resumes: keep,
    sessionSeconds: options.number('tls_session_timeout'),
    now: monotonicNow,
  });
  const client = new RemoteClient(server, connector, clientOptions(options, print), secrets, keep);
  const secret = () =>
    readSecret(
      { path: options.string('enroll_secret_path'), env: options.string('enroll_secret_env') },
      host.files,
      process.env,
    );
  const session: RemoteSession = new RemoteSession(
    client,
    () => enrolment,
    () => ({
      nodeApi: options.bool('tls_node_api'),
      secretAlways: options.bool('tls_secret_always'),
      secretName: options.string('tls_enroll_override'),
    }),
    secret,
    secrets,
  );
  const enrolment = new Enrolment({
    options: () => ({
      disabled: options.bool('disable_enrollment'),
      keepsRefused: options.bool('disable_reenrollment'),
      always: options.bool('enroll_always'),
      maxAttempts: options.number('tls_enroll_max_attempts'),
      maxInterval: options.number('tls_enroll_max_interval'),
      retryAfterMax: options.number('tls_retry_after_max'),
      secretName: options.string('tls_enroll_override'),
    }),
    nodeKey: new NodeKey(store),
    secrets,
    send: async (body) => {
      const endpoint = options.string('enroll_tls_endpoint');
      if (endpoint === '')
        throw new RemoteFailure('local', '--enroll_tls_endpoint is empty: where is this node enrolled?');
      return session.enroll(endpoint, body);
    },
    secret,
    hostIdentifier,
    details: () => hostDetails(select, host.files, (message) => say('WARNING', message)),
    timers: REAL_TIMERS,
    random: Math.random,
    say: (severity, message) => say(severity, secrets.mask(message)),
  });

  return {
    session,
    enrolment,
    secrets,
    backoff: (base, most) => {
      const mostAsked = () => options.number('tls_retry_after_max');
      return new Backoff(() => ({ base: base(), most: most(), mostAsked: mostAsked() }), Math.random);
    },
    close: () => {
      enrolment.close();
      client.close();
    },
  };
}

/** Getters: the configuration may change them. */
function clientOptions(options: OptionValues, print: (text: string) => void): ClientOptions {
  return {
    get totalMs() {
      return Math.max(1, options.number('tls_timeout')) * 1000;
    },
    get answerMost() {
      return Math.min(Math.max(1, options.number('tls_answer_max')), MOST_CHARACTERS);
    },
    get acceptGzip() {
      return options.bool('tls_accept_gzip');
    },
    get dump() {
      // As in osquery, which prints nothing without --verbose.
      const wanted = options.bool('tls_dump') && options.bool('verbose');
      return wanted ? (line: string) => print(`${line}\n`) : undefined;
    },
  };
}

/** As osquery, one needs both flags; one alone is a mistake that the server would report as something else. */
function clientCertificate(options: OptionValues, { files }: Host) {
  const [certificate, key] = [options.string('tls_client_cert'), options.string('tls_client_key')];
  if (certificate === '' && key === '') return undefined;
  if (certificate === '' || key === '') {
    throw new RemoteFailure('local', '--tls_client_cert and --tls_client_key are only of use together');
  }
  return {
    certificate: readClientFile(files, 'tls_client_cert', certificate),
    key: readClientFile(files, 'tls_client_key', key),
  };
}
