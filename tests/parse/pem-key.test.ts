import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyFormat } from 'node:crypto';
import { test } from 'node:test';
import { parsePemKey } from '../../src/parse/pem-key.ts';

const describe = (pem: string) => {
  const key = parsePemKey(pem, 'test');
  return key && [key.encrypted, key.type, key.group, key.bits, key.divisorBits];
};

function generated(type: string, options: object, encoding: object = { type: 'pkcs8' }): string {
  const generate = generateKeyPairSync as unknown as (type: string, options: object) => { privateKey: string };
  const format: KeyFormat = 'pem';
  return generate(type, {
    ...options,
    privateKeyEncoding: { format, ...encoding },
    publicKeyEncoding: { format, type: 'spki' },
  }).privateKey;
}

test('keys as OpenSSL writes them', () => {
  const rsa = { modulusLength: 1024 };
  assert.deepEqual(describe(generated('rsa', rsa)), [false, 'rsa', '', 1024, undefined]);
  assert.deepEqual(describe(generated('rsa', rsa, { type: 'pkcs1' })), [false, 'rsa', '', 1024, undefined]);
  assert.deepEqual(describe(generated('rsa-pss', rsa)), [false, 'rsa', '', 1024, undefined]);
  const dsa = { modulusLength: 1024, divisorLength: 160 };
  assert.deepEqual(describe(generated('dsa', dsa)), [false, 'dsa', '', 1024, 160]);
  assert.deepEqual(describe(generated('dh', { group: 'modp14' })), [false, 'dh', '', 2048, undefined]);
  for (const [type, bits] of [
    ['ed25519', 256],
    ['x25519', 253],
    ['ed448', 456],
    ['x448', 448],
  ] as const) {
    assert.deepEqual(describe(generated(type, {})), [false, type, '', bits, undefined]);
  }
});

test('curves by name and by their numbers', () => {
  for (const [namedCurve, bits] of [
    ['prime256v1', 256],
    ['secp384r1', 384],
    ['secp521r1', 521],
    ['secp256k1', 256],
    ['sect233k1', 233],
    ['brainpoolP384t1', 384],
  ] as const) {
    for (const type of ['pkcs8', 'sec1']) {
      assert.deepEqual(describe(generated('ec', { namedCurve }, { type })), [false, 'ec', namedCurve, bits, undefined]);
      const explicit = generated('ec', { namedCurve, paramEncoding: 'explicit' }, { type });
      assert.deepEqual(describe(explicit), [false, 'ec', '', bits, undefined]);
    }
  }
});

test('a key with a password says so, and not more', () => {
  const password = { cipher: 'aes-256-cbc', passphrase: 'x' };
  for (const type of ['pkcs8', 'pkcs1']) {
    const pem = generated('rsa', { modulusLength: 1024 }, { type, ...password });
    assert.deepEqual(describe(pem), [true, '', '', undefined, undefined]);
  }
});

/** DER: tag, length of four bytes, content. */
function der(tag: number, ...content: Buffer[]): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.reduce((sum, part) => sum + part.length, 0));
  return Buffer.concat([Buffer.of(tag, 0x84), length, ...content]);
}

const pem = (bytes: Buffer) => `-----BEGIN PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END PRIVATE KEY-----\n`;

test('numbers of any size are measured, and nothing is computed with them', () => {
  const huge = der(0x02, Buffer.alloc(11_500, 0xff));
  const key = (oid: string, ...parameters: Buffer[]) =>
    pem(
      der(
        0x30,
        der(0x02, Buffer.of(0)),
        der(0x30, der(0x06, Buffer.from(oid, 'hex')), der(0x30, ...parameters)),
        der(0x04, huge),
      ),
    );
  const start = performance.now();
  assert.deepEqual(describe(key('2a8648ce380401', huge, huge, huge)), [false, 'dsa', '', 92_000, 92_000]);
  assert.deepEqual(describe(key('2a864886f70d010301', huge, huge)), [false, 'dh', '', 92_000, undefined]);
  // X9.42, as openssl dhparam -dsaparam makes them.
  assert.deepEqual(describe(key('2a8648ce3e0201', huge, huge)), [false, 'dh', '', 92_000, undefined]);
  // OpenSSL computes with them for minutes.
  assert.ok(performance.now() - start < 1000);
  assert.deepEqual(describe(key('2a03', huge)), [false, '', '', undefined, undefined], 'an algorithm nobody knows');
});

test('what is no private key, or ends too early, is none', () => {
  const whole = generated('dsa', { modulusLength: 1024, divisorLength: 160 });
  for (const text of [
    '',
    'x',
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----',
    '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----',
    whole.replace('PRIVATE KEY', 'SECRET PRIVATE KEY'),
    whole.slice(0, 120),
    pem(Buffer.of(0x30, 0x80, 0, 0)),
    pem(Buffer.of(0x30, 0x85, 1, 1, 1, 1, 1)),
    pem(Buffer.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff)),
  ]) {
    assert.equal(describe(text), undefined, text);
  }
});
