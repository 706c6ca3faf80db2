/** Certificates made at test time, with nothing but `node:crypto`: DER by hand (RFC 5280, X.690). */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Issued {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  readonly name: string;
  readonly private: KeyObject;
}

export interface Wanted {
  readonly name: string;
  readonly dns?: readonly string[];
  /** Bytes of addresses, `[127, 0, 0, 1]`. */
  readonly ips?: readonly (readonly number[])[];
  readonly from?: Date;
  readonly until?: Date;
  readonly authority?: boolean;
  /** Itself, if not said. */
  readonly by?: Issued;
}

const DAY_MS = 86_400_000;
const OID = {
  commonName: [0x55, 0x04, 0x03],
  basicConstraints: [0x55, 0x1d, 0x13],
  alternativeNames: [0x55, 0x1d, 0x11],
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
};

export function issue(wanted: Wanted): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const from = wanted.from ?? new Date(Date.now() - DAY_MS);
  const until = wanted.until ?? new Date(Date.now() + DAY_MS);
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    nameOf(wanted.by?.name ?? wanted.name),
    sequence(time(from), time(until)),
    nameOf(wanted.name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions(wanted))),
  );
  const signature = sign('sha256', body, wanted.by?.private ?? privateKey);
  const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    certificate: pem(certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    name: wanted.name,
    private: privateKey,
  };
}

function* extensions({ authority, dns = [], ips = [] }: Wanted): Generator<Buffer> {
  if (authority) {
    const constraints = der(0x04, sequence(der(0x01, Buffer.from([0xff]))));
    yield sequence(oid(OID.basicConstraints), der(0x01, Buffer.from([0xff])), constraints);
  }
  const names = [
    ...dns.map((name) => der(0x82, Buffer.from(name))),
    ...ips.map((address) => der(0x87, Buffer.from(address))),
  ];
  if (names.length > 0) yield sequence(oid(OID.alternativeNames), der(0x04, sequence(...names)));
}

function nameOf(text: string): Buffer {
  return sequence(der(0x31, sequence(oid(OID.commonName), der(0x0c, Buffer.from(text)))));
}

/** GeneralizedTime. */
function time(date: Date): Buffer {
  return der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}

function oid(bytes: readonly number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
