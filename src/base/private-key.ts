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

/** Bits of a whole number, most significant byte first. */
export function bitLength(number: Uint8Array): number {
  const first = number.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (number.length - first) * 8 - Math.clz32(number[first]!) + 24;
}
