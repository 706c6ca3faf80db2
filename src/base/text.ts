/**
 * Text that came as bytes. File names and command lines on Linux are bytes, mostly UTF-8 but not always. A byte that is
 * not part of valid UTF-8 becomes a lone surrogate U+DC80..U+DCFF (Python's `surrogateescape`, PEP 383), so that every
 * byte string has its own text and `encodeText(decodeText(b))` is `b`.
 */

const REPLACEMENT = '\ufffd';
const ESCAPE_BASE = 0xdc00;

export function decodeText(bytes: Buffer, start = 0, end = bytes.length): string {
  const text = bytes.utf8Slice(start, end);
  // A genuine U+FFFD in the input is rare enough to pay for the slow path, which keeps it.
  return text.includes(REPLACEMENT) ? decodeEscaping(bytes, start, end) : text;
}

export function encodeText(text: string): Buffer {
  return text.isWellFormed() ? Buffer.from(text, 'utf8') : encodeEscaped(text);
}

/** Text for a place that must be valid UTF-8 (JSON, a terminal): escaped bytes become U+FFFD. */
export function printable(text: string): string {
  return text.toWellFormed();
}

/** The first `length` UTF-16 units of a text, one less where they would end within a character. */
export function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

function decodeEscaping(bytes: Buffer, start: number, end: number): string {
  let out = '';
  let valid = start;
  let at = start;
  while (at < end) {
    const length = sequenceLength(bytes, at, end);
    if (length > 0) {
      at += length;
      continue;
    }
    out += bytes.utf8Slice(valid, at) + String.fromCharCode(ESCAPE_BASE + bytes[at]!);
    at += 1;
    valid = at;
  }
  return out + bytes.utf8Slice(valid, end);
}

/** Length of the well-formed UTF-8 sequence at `at`, or 0 (Unicode 15, table 3-7). */
function sequenceLength(bytes: Buffer, at: number, end: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const length =
    lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (length === 0 || at + length > end) return 0;
  const second = bytes[at + 1]!;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let i = 2; i < length; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0;
  return length;
}

function encodeEscaped(text: string): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xdc80 || unit > 0xdcff) continue;
    // The second half of a real pair is not an escape.
    const before = i > from ? text.charCodeAt(i - 1) : 0;
    if (before >= 0xd800 && before <= 0xdbff) continue;
    parts.push(Buffer.from(text.slice(from, i), 'utf8'), Buffer.of(unit - ESCAPE_BASE));
    from = i + 1;
  }
  parts.push(Buffer.from(text.slice(from), 'utf8'));
  return Buffer.concat(parts);
}
