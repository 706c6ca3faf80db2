import { ByteReader } from '../base/byte-reader.ts';
import { MalformedInput } from '../base/errors.ts';
import { bitLength, type PrivateKey } from '../base/private-key.ts';

const BEGIN = '-----BEGIN OPENSSH PRIVATE KEY-----';
const MAGIC = 'openssh-key-v1\0';

/** Curves of RFC 5656 and the names OpenSSL has for them. */
const CURVES = new Map([
  ['nistp256', { group: 'prime256v1', bits: 256 }],
  ['nistp384', { group: 'secp384r1', bits: 384 }],
  ['nistp521', { group: 'secp521r1', bits: 521 }],
]);

/**
 * A private key in OpenSSH's own format, `PROTOCOL.key`: the cipher and the public key stand in clear before what may be
 * encrypted. Undefined for anything else.
 */
export function parseOpenSshKey(pem: string, source: string): PrivateKey | undefined {
  const text = pem.trimStart();
  if (!text.startsWith(BEGIN)) return undefined;
  const bytes = Buffer.from(text.slice(BEGIN.length, text.indexOf('-----END', BEGIN.length)), 'base64');
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  try {
    const reader = new ByteReader(bytes, source, MAGIC.length);
    const encrypted = string(reader).latin1Slice() !== 'none';
    // Name and options of the function that makes a key of a password, then the number of keys.
    string(reader);
    string(reader);
    reader.u32be();
    return { encrypted, ...publicKey(string(reader), source) };
  } catch (cause) {
    if (cause instanceof MalformedInput) return undefined;
    throw cause;
  }
}

/** RFC 4253, section 6.6; RFC 5656, section 3.1; RFC 8709, section 4. */
function publicKey(bytes: Buffer, source: string): Omit<PrivateKey, 'encrypted'> {
  const reader = new ByteReader(bytes, source);
  const algorithm = string(reader).latin1Slice();
  if (algorithm === 'ssh-rsa') {
    string(reader);
    return { type: 'rsa', group: '', bits: bitLength(string(reader)) };
  }
  if (algorithm === 'ssh-dss') {
    return { type: 'dsa', group: '', bits: bitLength(string(reader)), divisorBits: bitLength(string(reader)) };
  }
  if (algorithm.startsWith('ecdsa-sha2-') || algorithm.startsWith('sk-ecdsa-sha2-')) {
    return { type: 'ec', ...(CURVES.get(string(reader).latin1Slice()) ?? { group: '', bits: undefined }) };
  }
  const edwards = algorithm === 'ssh-ed25519' || algorithm === 'sk-ssh-ed25519@openssh.com';
  return edwards ? { type: 'ed25519', group: '', bits: 256 } : { type: '', group: '', bits: undefined };
}

/** `string` and `mpint` of RFC 4251, section 5: a length, then that many bytes. */
function string(reader: ByteReader): Buffer {
  return reader.bytes(reader.u32be());
}
