import { Backoff } from './backoff.ts';
import { type JsonObject, RemoteFailure } from './failure.ts';
import type { HostDetails } from './host-details.ts';
import { keyIn, type NodeKey } from './node-key.ts';
import type { Secrets } from './secrets.ts';
import type { Timers } from './timers.ts';

/** Read at each use. */
export interface EnrolmentOptions {
  /** `--disable_enrollment`: requests go out without a key. */
  readonly disabled: boolean;
  /** `--disable_reenrollment`: a key that the server refuses is kept. */
  readonly keepsRefused: boolean;
  /** `--enroll_always`: a key that was kept by an earlier start does not count. */
  readonly always: boolean;
  /** `--tls_enroll_max_attempts`; 0 without limit. */
  readonly maxAttempts: number;
  /** `--tls_enroll_max_interval`, seconds. */
  readonly maxInterval: number;
  /** `--tls_retry_after_max`, seconds. */
  readonly retryAfterMax: number;
  /** `--tls_enroll_override`: what the secret is called in the request. */
  readonly secretName: string;
}

export interface EnrolmentParts {
  readonly options: () => EnrolmentOptions;
  readonly nodeKey: NodeKey;
  readonly secrets: Secrets;
  /** Sends a body to `--enroll_tls_endpoint`. Rejects with `RemoteFailure`. */
  readonly send: (body: string) => Promise<JsonObject>;
  /** Throws `RemoteFailure` where there is none. */
  readonly secret: () => string;
  readonly hostIdentifier: () => string;
  readonly details: () => Promise<HostDetails>;
  readonly timers: Timers;
  /** 0 to 1. */
  readonly random: () => number;
  readonly say: (severity: 'INFO' | 'WARNING' | 'ERROR', message: string) => void;
}

/** Linux and POSIX, `platform_mask` of `osquery_info`. */
const PLATFORM_TYPE = '9';
/** Seconds before the second try, at most, as in osquery. */
const FIRST_WAIT = 1;

/** Who waits for a key. */
interface Waiter {
  readonly resolve: (key: string) => void;
  readonly reject: (cause: RemoteFailure) => void;
}

/**
 * Makes this node known to its server. Nobody is held up: who needs a key while the server is away gets a failure at once, and
 * tries go on by themselves, longer and longer apart, `--tls_enroll_max_attempts` times. After those it rests, for
 * `--tls_enroll_max_interval` at most, and begins again when somebody asks. A key that the server refuses is thrown away and another one asked
 * for, once: if that is refused as well, the next enrolment waits as if this one had failed.
 */
export class Enrolment {
  readonly #parts: EnrolmentParts;
  readonly #tries: Backoff;
  /** Counts keys that the server refused. */
  readonly #refusals: Backoff;
  readonly #waiting = new Set<Waiter>();
  readonly #listeners = new Set<() => void>();
  /** A key of an earlier start does not count (`--enroll_always`). */
  #stale: boolean;
  #attempts = 0;
  #running = false;
  #timer: unknown;
  /** When the next try may begin, by the timers' clock. */
  #notBefore = 0;
  /** When this key was given. */
  #givenAt: number;
  #last = 'no try was made so far';
  #closed = false;

  constructor(parts: EnrolmentParts) {
    const { options, random, nodeKey, secrets, timers } = parts;
    const limits = () => ({
      base: FIRST_WAIT,
      most: options().maxInterval,
      mostAsked: options().retryAfterMax,
    });
    this.#parts = parts;
    this.#tries = new Backoff(limits, random);
    this.#refusals = new Backoff(limits, random);
    this.#stale = options().always;
    this.#givenAt = timers.now();
    secrets.addPassing(nodeKey.current);
  }

  /** The key to send; empty with `--disable_enrollment`. Undefined while there is none. */
  get current(): string | undefined {
    const { options, nodeKey } = this.#parts;
    if (options().disabled) return '';
    return (this.#stale ? '' : nodeKey.current) || undefined;
  }

  /** The key, of the try that is under way if there is none; a failure, if no try may begin now. */
  async key(): Promise<string> {
    const { current } = this;
    if (current !== undefined) return current;
    if (this.#closed) throw new RemoteFailure('closed', 'not enrolled: the agent ends');
    const wait = this.#notBefore - this.#parts.timers.now();
    if (!this.#running && wait > 0) {
      const seconds = Math.ceil(wait / 1000);
      throw new RemoteFailure('not enrolled', `not enrolled (${this.#last}); the next try is in ${seconds} s`);
    }
    const key = new Promise<string>((resolve, reject) => this.#waiting.add({ resolve, reject }));
    if (!this.#running) this.#try();
    return key;
  }

  /** Hears that there is a new key: what waits for one may go on. Call the result to hear no more. */
  onKey(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The server says that it does not know `key`. A late answer about an older key changes nothing. */
  refused(key: string): void {
    const { options, nodeKey, timers, say } = this.#parts;
    const { disabled, keepsRefused, maxInterval } = options();
    if (disabled || key === '' || key !== nodeKey.current || this.#stale) return;
    if (keepsRefused) return;
    nodeKey.set('');
    // One that was good for long is not part of a loop.
    if (timers.now() - this.#givenAt >= maxInterval * 1000) this.#refusals.succeeded();
    const wait = this.#refusals.failed();
    this.#last = 'the server does not know this node any more';
    this.#tries.succeeded();
    this.#attempts = 0;
    say('WARNING', `${this.#last}; it is enrolled anew in ${Math.ceil(wait)} s`);
    this.#rest(wait, true);
  }

  /** No try begins from here on. */
  close(): void {
    this.#closed = true;
    this.#parts.timers.clear(this.#timer);
    this.#settle(({ reject }) => reject(new RemoteFailure('closed', 'not enrolled: the agent ends')));
  }

  /** Rejects nothing. */
  async #try(): Promise<void> {
    const { options, nodeKey, timers, say } = this.#parts;
    timers.clear(this.#timer);
    this.#running = true;
    this.#attempts += 1;
    try {
      const key = await this.#ask();
      if (this.#closed) return;
      this.#running = false;
      nodeKey.set(key);
      this.#stale = false;
      this.#givenAt = timers.now();
      this.#tries.succeeded();
      this.#attempts = 0;
      this.#notBefore = 0;
      say('INFO', 'this node is enrolled');
      this.#settle(({ resolve }) => resolve(key));
      for (const listener of this.#listeners) listener();
    } catch (cause) {
      this.#running = false;
      if (this.#closed) return;
      const failure = cause instanceof RemoteFailure ? cause : new RemoteFailure('local', (cause as Error).message);
      this.#failed(failure, options());
    }
  }

  #failed(cause: RemoteFailure, { maxAttempts, maxInterval }: EnrolmentOptions): void {
    const { say, random } = this.#parts;
    this.#last = cause.message;
    const wait = this.#tries.failed(cause.retryAfter);
    const over = maxAttempts > 0 && this.#attempts >= maxAttempts;
    if (over) {
      const rest = Math.ceil(Math.max(wait, (maxInterval * (1 + random())) / 2));
      say(
        'ERROR',
        `enrolment failed ${this.#attempts} times (--tls_enroll_max_attempts); it rests ${rest} s: ${this.#last}`,
      );
      this.#attempts = 0;
      this.#tries.succeeded();
      this.#rest(rest, false);
    } else {
      say('WARNING', `enrolment failed, the next try is in ${Math.ceil(wait)} s: ${this.#last}`);
      this.#rest(wait, true);
    }
    const failure = new RemoteFailure('not enrolled', `not enrolled: ${this.#last}`, cause);
    this.#settle(({ reject }) => reject(failure));
  }

  /** Until the next try; `goes`: it then begins by itself. */
  #rest(seconds: number, goes: boolean): void {
    const { timers } = this.#parts;
    timers.clear(this.#timer);
    this.#notBefore = timers.now() + seconds * 1000;
    if (goes && !this.#closed) this.#timer = timers.set(() => void this.#try(), seconds * 1000);
  }

  async #ask(): Promise<string> {
    const { options, send, secret, hostIdentifier, details, secrets } = this.#parts;
    const value = secret();
    secrets.add(value);
    const body = {
      [options().secretName]: value,
      host_identifier: hostIdentifier(),
      platform_type: PLATFORM_TYPE,
      host_details: await details(),
    };
    const found = keyIn(await send(JSON.stringify(body)));
    if ('problem' in found) throw new RemoteFailure('refused', secrets.mask(found.problem));
    secrets.addPassing(found.key);
    return found.key;
  }

  #settle(act: (waiter: Waiter) => void): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const waiter of waiting) act(waiter);
  }
}
