import { decodeText, encodeText } from '../../base/text.ts';
import { onTexts } from './coerce.ts';
import type { SqlFunction } from './function.ts';

const PRINTABLE = /^[\x20-\x7e]*$/;
const BASE64 = /^[A-Za-z0-9+/]*$/;

/** RFC 4648, section 4. The bytes of a blob count as text, whatever they are. */
export const encodingFunctions: readonly SqlFunction[] = [
  onTexts({
    name: 'to_base64',
    arity: 1,
    description: 'Base64 of the bytes of a text or blob',
    example: "to_base64('hello')",
    call: toBase64,
  }),
  onTexts({
    name: 'from_base64',
    arity: 1,
    description: 'The text that was encoded; empty where it is not Base64. Padding may be missing',
    example: "from_base64('aGVsbG8=')",
    call: fromBase64,
  }),
  onTexts({
    name: 'conditional_to_base64',
    arity: 1,
    description: 'Base64 of a text with any character outside printable ASCII (0x20 to 0x7e); any other text as it is',
    example: "conditional_to_base64('caf' || char(233))",
    call: (text: string) => (PRINTABLE.test(text) ? text : toBase64(text)),
  }),
];

function toBase64(text: string): string {
  return encodeText(text).toString('base64');
}

function fromBase64(text: string): string {
  const joined = text.replaceAll('\r\n', '').replaceAll('\n', '');
  let end = joined.length;
  while (end > 0 && joined[end - 1] === '=') end--;
  const digits = joined.slice(0, end);
  // Six bits left over are no byte.
  if (!BASE64.test(digits) || digits.length % 4 === 1) return '';
  return decodeText(Buffer.from(digits, 'base64'));
}
