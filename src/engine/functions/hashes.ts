import { createRequire } from 'node:module';
import { encodeText } from '../../base/text.ts';
import { onTexts } from './coerce.ts';
import type { SqlFunction } from './function.ts';

const require = createRequire(import.meta.url);

/** Loading the module costs 4 ms, which a query without a hash does not pay. */
export function digest(algorithm: 'md5' | 'sha1' | 'sha256', bytes: Uint8Array, encoding: 'hex' | 'base64'): string {
  const { hash } = require('node:crypto') as typeof import('node:crypto');
  return hash(algorithm, bytes, encoding);
}

function hash(algorithm: 'md5' | 'sha1' | 'sha256', title: string): SqlFunction {
  return onTexts({
    name: algorithm,
    arity: 1,
    description: `${title} of the bytes of a text or blob, in hex`,
    example: `${algorithm}('a')`,
    call: (text: string) => digest(algorithm, encodeText(text), 'hex'),
  });
}

export const hashFunctions: readonly SqlFunction[] = [
  hash('md5', 'MD5'),
  hash('sha1', 'SHA-1'),
  hash('sha256', 'SHA-256'),
];
