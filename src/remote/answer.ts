import { gunzip } from 'node:zlib';
import { type JsonObject, RemoteFailure } from './failure.ts';

/** osquery refuses 1,000 levels and dies of 100,000; a configuration with packs has 8. */
const MOST_LEVELS = 100;
/** 64 MiB of `{},` would be 22 million objects of 67 bytes (Node 24), 1.5 GB; a configuration has some thousand values. */
const MOST_VALUES = 1_000_000;

const GZIP = [0x1f, 0x8b];

/** `body` as it was before it was compressed. Rejects with `RemoteFailure`. */
export async function unpacked(body: Buffer, encoding: string, most: number): Promise<Buffer> {
  const name = encoding.trim().toLowerCase();
  if (name === '' || name === 'identity' || body.length === 0) return body;
  if (name !== 'gzip' && name !== 'x-gzip') {
    throw new RemoteFailure('malformed', `the answer is compressed with ${name.slice(0, 40)}, not gzip`);
  }
  // Some servers say so and do not; osquery takes it as it is.
  if (body[0] !== GZIP[0] || body[1] !== GZIP[1]) return body;
  return await new Promise((resolve, reject) => {
    gunzip(body, { maxOutputLength: most }, (cause, whole) => {
      const code = (cause as NodeJS.ErrnoException | null)?.code;
      if (cause === null) resolve(whole);
      else if (code === 'ERR_BUFFER_TOO_LARGE') reject(tooLarge(most, `${body.length} bytes of gzip`));
      else reject(new RemoteFailure('malformed', `the answer is no whole gzip (${code})`));
    });
  });
}

/** The object that an answer is; undefined for one of no bytes, which many servers send for `{}`. */
export function parseAnswer(body: Buffer): JsonObject | undefined {
  if (body.length === 0) return undefined;
  const problem = measure(body);
  if (problem !== undefined) throw new RemoteFailure('malformed', `the answer ${problem}`);
  let value: unknown;
  try {
    value = JSON.parse(body.utf8Slice());
  } catch {
    // V8's message repeats the text, which may hold a secret.
    throw new RemoteFailure('malformed', 'the answer is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RemoteFailure('malformed', 'the answer is JSON, but not an object');
  }
  return value as JsonObject;
}

export function tooLarge(most: number, what: string): RemoteFailure {
  return new RemoteFailure('too large', `the answer is larger than ${most} bytes (--tls_answer_max): ${what}`);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = [0x7b, 0x5b];
const CLOSING = [0x7d, 0x5d];

/** What is wrong with the shape of JSON before anything is made of it. Bytes of UTF-8 beyond ASCII are never one of these. */
function measure(body: Buffer): string | undefined {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]!;
    if (byte === QUOTE) {
      for (at += 1; at < body.length && body[at] !== QUOTE; at++) if (body[at] === BACKSLASH) at += 1;
    } else if (byte === OPENING[0] || byte === OPENING[1]) {
      depth += 1;
      values += 1;
      if (depth > MOST_LEVELS) return `is nested in more than ${MOST_LEVELS} levels`;
    } else if (byte === COMMA) values += 1;
    else if (byte === CLOSING[0] || byte === CLOSING[1]) depth -= 1;
    if (values > MOST_VALUES) return `has more than ${MOST_VALUES} values`;
  }
  return undefined;
}
