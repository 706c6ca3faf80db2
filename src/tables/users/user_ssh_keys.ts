import { describePrivateKey, type PrivateKey } from '../../base/private-key.ts';
import { regularFiles } from '../../host/regular-files.ts';
import { parseOpenSshKey } from '../../parse/openssh-key.ts';
import { chosenUsers } from '../../schema/accounts.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { mountNamespaces } from '../../schema/mount-namespaces.ts';
import { table } from '../../schema/table.ts';
import { readUserFile } from '../../schema/user-files.ts';

/** The longest private key, RSA of 16,384 bits, is 13 KiB; what is larger (a log, an archive) is not looked at. */
const MAX_KEY = 64 * 1024;

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
        for (const name of attempt(() => regularFiles(seen.files, directory)) ?? []) {
          const path = `${directory}/${name}`;
          if (values('path')?.includes(path) === false) continue;
          if ((attempt(() => seen.files.stat(path).size) ?? Infinity) > MAX_KEY) continue;
          const content = attempt(() => readUserFile(seen.files, path, user, MAX_KEY)) ?? '';
          const key = parseOpenSshKey(content, path) ?? describePrivateKey(content);
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
