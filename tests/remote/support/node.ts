import { Enrolment, type EnrolmentOptions } from '../../../src/remote/enrolment.ts';
import type { JsonObject } from '../../../src/remote/failure.ts';
import type { HostDetails } from '../../../src/remote/host-details.ts';
import { NodeKey } from '../../../src/remote/node-key.ts';
import { Secrets } from '../../../src/remote/secrets.ts';
import { openMemoryStore } from '../../../src/store/sqlite-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { FakeTimers } from '../../../src/testing/fake-timers.ts';

export const ENROLMENT: EnrolmentOptions = {
  disabled: false,
  keepsRefused: false,
  always: false,
  maxAttempts: 12,
  maxInterval: 600,
  retryAfterMax: 3600,
  secretName: 'enroll_secret',
};

/** A node whose server is a function and whose clock a test turns; its dice always show the highest. */
export class TestNode {
  readonly timers = new FakeTimers();
  readonly said: string[] = [];
  readonly bodies: string[] = [];
  readonly secrets = new Secrets();
  options: EnrolmentOptions;
  random = 1;
  details: HostDetails = {};
  secret: () => string = () => 'the-secret';
  /** What the server answers; the keys that it gives are numbered. */
  answer: () => Promise<JsonObject> = async () => ({ node_key: `KEY-${this.bodies.length}` });
  readonly enrolment: Enrolment;

  constructor(options: Partial<EnrolmentOptions> = {}, readonlyStore: Store = openMemoryStore()) {
    this.options = { ...ENROLMENT, ...options };
    this.enrolment = new Enrolment({
      options: () => this.options,
      nodeKey: new NodeKey(readonlyStore),
      secrets: this.secrets,
      send: (body) => {
        this.bodies.push(body);
        return this.answer();
      },
      secret: () => this.secret(),
      hostIdentifier: () => 'wire-host',
      details: async () => this.details,
      timers: this.timers,
      random: () => this.random,
      say: (severity, message) => this.said.push(`${severity} ${message}`),
    });
  }
}
