import { fill } from '../../base/digest.ts';
import { HostError } from '../../base/errors.ts';
import type { PrivateKey } from '../../base/private-key.ts';
import { decodeText } from '../../base/text.ts';
import type { Files } from '../../host/host.ts';
import { parseOpenSshKey } from '../../parse/openssh-key.ts';
import type { PasswdEntry } from '../../parse/passwd.ts';
import { parsePemKey } from '../../parse/pem-key.ts';
import { chosenUsers } from '../../schema/accounts.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { mountNamespaces } from '../../schema/mount-namespaces.ts';
import { table } from '../../schema/table.ts';
import { openUserFile } from '../../schema/user-files.ts';

/** The longest private key, RSA of 16,384 bits, is 13 KiB; what is larger (a log, an archive) is not looked at. */
const MAX_KEY = 64 * 1024;
/** Files of one `~/.ssh` that are looked at: people have ten, and a thousand take a tenth of a second. */
const MAX_FILES = 1000;

/** Source: the files in `~/.ssh`, of which those that are private keys are shown. */
export const userSshKeys = table({
  name: 'user_ssh_keys',
  description: 'Private SSH keys in home directories: whether a password protects them, and how strong they are.',
  platforms: ['linux', 'darwin', 'windows'],
  userData: true,
  columns: {
    uid: bigint('User whose key it is', { additional: true, optimized: true }),
    path: text('Path of the key', { index: true }),
    encrypted: integer('1 if a password is needed to use it'),
    key_type: text('rsa, dsa, ec, ed25519, …; empty if that is encrypted, too'),
    key_group_name: text('Curve of an ec key, by OpenSSL’s name'),
    key_length: integer('Length in bits; -1 if not known'),
    key_security_bits: integer('Strength in bits, NIST SP 800-57; -1 if not known'),
    pid_with_namespace: integer('Process whose view of the files is wanted; 0 for this machine', {
      additional: true,
      hidden: true,
      platforms: ['linux'],
    }),
  },
  examples: ['select username, path from users join user_ssh_keys using (uid) where encrypted = 0'],
  *generate({ host, values, attempt, warn, row }) {
    for (const { host: seen, pid } of mountNamespaces(host, values('pid_with_namespace'), attempt)) {
      for (const user of chosenUsers(host, seen, values('uid'), attempt, warn)) {
        const directory = `${user.directory}/.ssh`;
        const asked = values('path')?.filter((path) => path.slice(0, path.lastIndexOf('/')) === directory);
        for (const path of asked ?? attempt(() => filesIn(seen.files, directory, warn)) ?? []) {
          const content = attempt(() => readKey(seen.files, path, user)) ?? '';
          const key = parseOpenSshKey(content, path) ?? parsePemKey(content, path);
          if (key === undefined) continue;
          yield row({
            uid: user.uid,
            path,
            encrypted: key.encrypted,
            key_type: key.type,
            key_group_name: key.group,
            key_length: key.bits ?? -1,
            key_security_bits: securityBits(key) ?? -1,
            pid_with_namespace: pid,
          });
        }
      }
    }
  },
});

/** What may be a regular file, sorted. Links are not followed here: whoever opens them judges where they lead. */
function filesIn(files: Files, directory: string, warn: (message: string) => void): string[] {
  const paths: string[] = [];
  let leftOut = 0;
  for (const { name, kind } of files.scan(directory)) {
    if (kind !== 'regular' && kind !== 'symlink' && kind !== 'unknown') continue;
    if (paths.length < MAX_FILES) paths.push(`${directory}/${name}`);
    else leftOut += 1;
  }
  if (leftOut > 0) warn(`truncated: ${directory}: ${leftOut} files left out: ${MAX_FILES} of a directory are read`);
  return paths.sort();
}

/** Undefined for what is too long for a key, and for a link to no regular file. */
function readKey(files: Files, path: string, user: PasswdEntry): string | undefined {
  try {
    using file = openUserFile(files, path, user);
    if (!(file.stat.size <= MAX_KEY)) return undefined;
    const bytes = Buffer.allocUnsafe(file.stat.size);
    return decodeText(
      bytes,
      0,
      fill((into) => file.read(into), bytes),
    );
  } catch (cause) {
    if (cause instanceof HostError && NO_FILE.has(cause.code)) return undefined;
    throw cause;
  }
}

const NO_FILE = new Set(['EISDIR', 'EOPNOTSUPP']);

/** What OpenSSL's `EVP_PKEY_get_security_bits` says; the lengths are those of NIST SP 800-57 part 1, tables 2 and 4. */
function securityBits({ type, bits, divisorBits }: PrivateKey): number | undefined {
  if (bits === undefined) return undefined;
  if (type === 'ec') return EC_STRENGTHS.find(([length]) => bits >= length)?.[1] ?? bits >> 1;
  if (type === 'ed25519' || type === 'x25519') return 128;
  if (type === 'ed448' || type === 'x448') return 224;
  if (type === 'rsa' || type === 'dh') return FACTORING_STRENGTHS.get(bits) ?? factoringStrength(bits);
  if (type !== 'dsa') return undefined;
  const strength = DSA_STRENGTHS.find(([length]) => bits >= length)?.[1] ?? 0;
  const subgroup = divisorBits ?? 0;
  return subgroup < 160 ? 0 : Math.min(subgroup >> 1, strength);
}

const EC_STRENGTHS: readonly (readonly [length: number, strength: number])[] = [
  [512, 256],
  [384, 192],
  [256, 128],
  [224, 112],
  [160, 80],
];

const DSA_STRENGTHS: readonly (readonly [length: number, strength: number])[] = [
  [15360, 256],
  [7680, 192],
  [3072, 128],
  [2048, 112],
  [1024, 80],
];

const FACTORING_STRENGTHS = new Map([
  [2048, 112],
  [3072, 128],
  [4096, 152],
  [6144, 176],
  [7680, 192],
  [8192, 200],
  [15360, 256],
]);

/** Lengths between: the estimate of FIPS 140-2 Implementation Guidance 7.5, to the nearest 8, not beyond the table. */
function factoringStrength(bits: number): number {
  const x = bits * Math.LN2;
  const estimate = (1.923 * Math.cbrt(x * Math.log(x) ** 2) - 4.69) / Math.LN2;
  const limit = bits <= 7680 ? 192 : bits <= 15360 ? 256 : 1200;
  return Math.max(0, Math.min(limit, Math.round(estimate / 8) * 8));
}
