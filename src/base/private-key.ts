import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** What can be said of a private key without its password. The key itself goes nowhere. */
export interface PrivateKey {
  readonly encrypted: boolean;
  /** `rsa`, `dsa`, `ec`, `ed25519`, `dh`, …; '' where it is encrypted with the rest. */
  readonly type: string;
  /** Name of the curve as OpenSSL has it; '' for other keys and where nobody can tell. */
  readonly group: string;
  /** Length in bits: of the modulus, of the curve. Undefined where nobody can tell. */
  readonly bits: number | undefined;
  /** Of DSA: bits of the smaller group that signatures are computed in. */
  readonly divisorBits?: number | undefined;
}

const ENCRYPTED: PrivateKey = { encrypted: true, type: '', group: '', bits: undefined };
/** What Node says where a key needs a password and none was given. */
const NEEDS_PASSWORD = new Set(['ERR_MISSING_PASSPHRASE', 'ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED']);

/** A key in PEM (PKCS #1, PKCS #8, SEC 1, DSA); undefined for anything else. Loads `node:crypto` at the first one. */
export function describePrivateKey(pem: string): PrivateKey | undefined {
  // OpenSSL would look at a public key or a certificate, too.
  if (!/-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----/.test(pem)) return undefined;
  const { createPrivateKey } = require('node:crypto') as typeof import('node:crypto');
  try {
    const { asymmetricKeyType, asymmetricKeyDetails: details = {} } = createPrivateKey({ key: pem, format: 'pem' });
    const type = asymmetricKeyType ?? '';
    const group = details.namedCurve ?? '';
    return {
      encrypted: false,
      type: type === 'rsa-pss' ? 'rsa' : type,
      group,
      bits: details.modulusLength ?? FIXED_BITS.get(type) ?? bitsOfCurve(group),
      divisorBits: details.divisorLength,
    };
  } catch (cause) {
    // A message might quote the input: only the code is looked at.
    return NEEDS_PASSWORD.has((cause as NodeJS.ErrnoException).code ?? '') ? ENCRYPTED : undefined;
  }
}

/** Keys of RFC 8410 have one length each. */
const FIXED_BITS = new Map([
  ['ed25519', 256],
  ['x25519', 253],
  ['ed448', 456],
  ['x448', 448],
]);

/** The names of curves have their bits: prime256v1, secp384r1, sect233k1, brainpoolP256r1. */
function bitsOfCurve(name: string): number | undefined {
  const bits = /\d{3}/.exec(name)?.[0];
  return bits === undefined ? undefined : Number(bits);
}
