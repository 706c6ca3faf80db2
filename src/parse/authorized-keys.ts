import { linesOf } from '../base/lines.ts';

/** A line of a file of public keys that may log in, `sshd(8)`, AUTHORIZED_KEYS FILE FORMAT. */
export interface AuthorizedKey {
  /** What stands before the key, as it stands: `no-pty,command="…"`. */
  readonly options: string;
  readonly algorithm: string;
  /** The key in base64. */
  readonly key: string;
  readonly comment: string;
}

/** Names that OpenSSH has for keys and signatures, `sshkey.c`, certificates too. */
const ALGORITHM =
  /^(ssh-(rsa|dss|ed25519|ed448|xmss)|rsa-sha2-(256|512)|ecdsa-sha2-nistp(256|384|521)|(webauthn-)?sk-(ecdsa-sha2-nistp256|ssh-ed25519))(-cert-v0[01])?(@openssh\.com)?$/;
/** Their short names, in any case: sshd took them until OpenSSH 8.8. */
const SHORT_NAME = /^(rsa|dsa|ecdsa|ed25519|ecdsa-sk|ed25519-sk|xmss)$/i;
/** A key in base64 begins with the length of its algorithm's name, whose first bytes are zero; the longest name has 60. */
const KEY_START = 'AAAA';
const MAX_NAME = 80;

/** z/OS keeps the key elsewhere and has only this option on the line. */
const KEY_RING = /(^|,)zos-key-ring-label=/;

/** Comments, blank lines and lines that sshd would not take are skipped. */
export function* parseAuthorizedKeys(content: string): Generator<AuthorizedKey> {
  for (const text of linesOf(content)) {
    const line = text.trim();
    if (line === '' || line.startsWith('#')) continue;
    const start = keyStart(line);
    const [algorithm, key, ...comment] = split(line.slice(start));
    if (algorithm !== undefined && key !== undefined && isAlgorithm(algorithm, key)) {
      yield { options: line.slice(0, start).trimEnd(), algorithm, key, comment: comment.join('') };
    } else if (KEY_RING.test(line)) {
      yield { options: line, algorithm: '', key: '', comment: '' };
    }
  }
}

/** Where the algorithm begins: behind the options, if there are any; blanks in double quotes belong to them. */
function keyStart(line: string): number {
  const [first = '', second = ''] = split(line);
  if (isAlgorithm(first, second)) return 0;
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const char = line[i];
    if (char === '\\' && line[i + 1] === '"') i++;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && (char === ' ' || char === '\t'))
      return i + 1 + (/^[ \t]*/.exec(line.slice(i + 1))?.[0].length ?? 0);
  }
  return line.length;
}

/** A known name, or one that the key behind it says itself: there will be more of them. */
function isAlgorithm(name: string, key: string): boolean {
  if (ALGORITHM.test(name)) return true;
  if (!key.startsWith(KEY_START) || name.length > MAX_NAME) return false;
  if (SHORT_NAME.test(name)) return true;
  const bytes = Buffer.from(key.slice(0, 2 * MAX_NAME), 'base64');
  return bytes.length >= 4 && bytes.toString('latin1', 4, 4 + Math.min(bytes.readUInt32BE(), MAX_NAME)) === name;
}

/** Two words and the rest. */
function split(text: string): string[] {
  return (/^(\S+)(?:[ \t]+(\S+)(?:[ \t]+(.*))?)?$/s.exec(text) ?? []).slice(1).filter((part) => part !== undefined);
}
