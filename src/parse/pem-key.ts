import { ByteReader } from '../base/byte-reader.ts';
import { DER, derBytes, derExpect, derValue } from '../base/der.ts';
import { MalformedInput } from '../base/errors.ts';
import { bitLength, type PrivateKey } from '../base/private-key.ts';

const ENCRYPTED: PrivateKey = { encrypted: true, type: '', group: '', bits: undefined };
const BEGIN = /-----BEGIN ([A-Z ]{0,20})PRIVATE KEY-----/;
/** Lines before the key, RFC 1421: `Proc-Type: 4,ENCRYPTED`. */
const HEADER = /^[A-Za-z-]{1,40}:.*$/;

/**
 * A private key in PEM (PKCS #1, PKCS #8, SEC 1, DSA); undefined for anything else. Type and length stand in the clear. A
 * library that takes the key apart for use also computes with it, of a DSA key of 60 KB for minutes.
 */
export function parsePemKey(pem: string, source: string): PrivateKey | undefined {
  const begin = BEGIN.exec(pem);
  if (begin === null) return undefined;
  const label = begin[1]!.trim();
  const start = begin.index + begin[0].length;
  const end = pem.indexOf('-----END', start);
  if (end < 0) return undefined;
  const lines = pem.slice(start, end).split('\n');
  const headers = lines.filter((line) => HEADER.test(line.trim()));
  if (headers.some((line) => /^Proc-Type:.*ENCRYPTED/.test(line))) return ENCRYPTED;
  const body = lines.filter((line) => !HEADER.test(line.trim())).join('');
  const bytes = Buffer.from(body, 'base64');
  try {
    return keyOf(label, derExpect(new ByteReader(bytes, source), DER.sequence));
  } catch (cause) {
    if (cause instanceof MalformedInput) return undefined;
    throw cause;
  }
}

function keyOf(label: string, key: ByteReader): PrivateKey | undefined {
  switch (label) {
    case 'RSA':
      return rsa(key);
    case 'DSA':
      derExpect(key, DER.integer);
      return dsa(key);
    case 'EC': {
      derExpect(key, DER.integer);
      derExpect(key, DER.octets);
      return ec(derValue(derExpect(key, DER.context0)));
    }
    case 'ENCRYPTED':
      derExpect(key, DER.sequence);
      derExpect(key, DER.octets);
      return ENCRYPTED;
    default:
      return label === '' ? pkcs8(key) : undefined;
  }
}

/** `PrivateKeyInfo`, RFC 5208: version, algorithm with its parameters, key. */
function pkcs8(info: ByteReader): PrivateKey | undefined {
  derExpect(info, DER.integer);
  const algorithm = derExpect(info, DER.sequence);
  const oid = derBytes(derExpect(algorithm, DER.oid)).toString('hex');
  const octets = derExpect(info, DER.octets);
  switch (oid) {
    case '2a864886f70d010101': // rsaEncryption
    case '2a864886f70d01010a': // id-RSASSA-PSS
      return rsa(derExpect(octets, DER.sequence));
    case '2a8648ce380401': // id-dsa
      return dsa(derExpect(algorithm, DER.sequence));
    case '2a8648ce3d0201': // id-ecPublicKey
      return ec(derValue(algorithm));
    case '2a864886f70d010301': // dhKeyAgreement
    case '2a8648ce3e0201': // dhpublicnumber, X9.42
      return { ...PLAIN, type: 'dh', bits: number(derExpect(algorithm, DER.sequence)) };
    default: {
      const [type, bits] = FIXED.get(oid) ?? [''];
      return { ...PLAIN, type, bits };
    }
  }
}

const PLAIN = { encrypted: false, group: '' } as const;

/** Algorithms whose keys have one length each, or none that is counted in bits: RFC 8410, FIPS 203, 204 and 205. */
const FIXED = new Map<string, readonly [type: string, bits?: number]>([
  ['2b656e', ['x25519', 253]],
  ['2b656f', ['x448', 448]],
  ['2b6570', ['ed25519', 256]],
  ['2b6571', ['ed448', 456]],
  ...numbered('6086480165030404', 1, ['512', '768', '1024'], 'ml-kem-'),
  ...numbered('6086480165030403', 17, ['44', '65', '87'], 'ml-dsa-'),
  ...numbered('6086480165030403', 20, '128s 128f 192s 192f 256s 256f'.split(' '), 'slh-dsa-sha2-'),
  ...numbered('6086480165030403', 26, '128s 128f 192s 192f 256s 256f'.split(' '), 'slh-dsa-shake-'),
]);

function numbered(prefix: string, first: number, names: readonly string[], family: string): [string, [string]][] {
  return names.map((name, i) => [prefix + (first + i).toString(16).padStart(2, '0'), [family + name]]);
}

/** `RSAPrivateKey`, RFC 8017: version, modulus, … */
function rsa(key: ByteReader): PrivateKey {
  derExpect(key, DER.integer);
  return { ...PLAIN, type: 'rsa', bits: number(key) };
}

/** `Dss-Parms`, RFC 3279: p, q, g. */
function dsa(parameters: ByteReader): PrivateKey {
  return { ...PLAIN, type: 'dsa', bits: number(parameters), divisorBits: number(parameters) };
}

function number(reader: ByteReader): number {
  return bitLength(derBytes(derExpect(reader, DER.integer)));
}

/** `ECParameters`, RFC 5480: the name of a curve, or the numbers of one (RFC 3279: version, field, …). */
function ec(parameters: ReturnType<typeof derValue>): PrivateKey | undefined {
  if (parameters?.tag === DER.oid) {
    const group = curveName(derBytes(parameters.value).toString('hex'));
    return { ...PLAIN, type: 'ec', group, bits: bitsOfCurve(group) };
  }
  if (parameters?.tag !== DER.sequence) return undefined;
  derExpect(parameters.value, DER.integer);
  const field = derExpect(parameters.value, DER.sequence);
  const kind = derBytes(derExpect(field, DER.oid)).toString('hex');
  const bits = kind === PRIME_FIELD ? number(field) : kind === BINARY_FIELD ? degree(field) : undefined;
  return { ...PLAIN, type: 'ec', bits };
}

/** 1.2.840.10045.1.1 and .2 */
const PRIME_FIELD = '2a8648ce3d0101';
const BINARY_FIELD = '2a8648ce3d0102';

/** `Characteristic-two`: m, … Real ones are two bytes. */
function degree(field: ByteReader): number | undefined {
  const bytes = derBytes(derExpect(derExpect(field, DER.sequence), DER.integer));
  return bytes.length <= 2 ? bytes.reduce((value, byte) => value * 256 + byte, 0) : undefined;
}

/** Names that OpenSSL has for the last number of an object identifier, from 1 on. */
const CURVES: readonly (readonly [prefix: string, names: readonly string[]])[] = [
  // 1.2.840.10045.3.1, ANSI X9.62
  [
    '2a8648ce3d0301',
    ['prime192v1', 'prime192v2', 'prime192v3', 'prime239v1', 'prime239v2', 'prime239v3', 'prime256v1'],
  ],
  // 1.3.132.0, SEC 2
  [
    '2b810400',
    (
      'sect163k1 sect163r1 sect239k1 sect113r1 sect113r2 secp112r1 secp112r2 secp160r1 secp160k1 secp256k1 - - - - ' +
      'sect163r2 sect283k1 sect283r1 - - - - sect131r1 sect131r2 sect193r1 sect193r2 sect233k1 sect233r1 secp128r1 ' +
      'secp128r2 secp160r2 secp192k1 secp224k1 secp224r1 secp384r1 secp521r1 sect409k1 sect409r1 sect571k1 sect571r1'
    ).split(' '),
  ],
  // 1.3.36.3.3.2.8.1.1, RFC 5639
  ['2b24030302080101', [160, 192, 224, 256, 320, 384, 512].flatMap((n) => [`brainpoolP${n}r1`, `brainpoolP${n}t1`])],
];

function curveName(oid: string): string {
  for (const [prefix, names] of CURVES) {
    if (!oid.startsWith(prefix) || oid.length !== prefix.length + 2) continue;
    const name = names[Number.parseInt(oid.slice(-2), 16) - 1] ?? '';
    return name === '-' ? '' : name;
  }
  return '';
}

/** The names of curves have their bits: prime256v1, secp384r1, sect233k1, brainpoolP256r1. */
function bitsOfCurve(name: string): number | undefined {
  const bits = /\d{3}/.exec(name)?.[0];
  return bits === undefined ? undefined : Number(bits);
}
