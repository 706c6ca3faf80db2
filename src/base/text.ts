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

/** UTF-16 units that are written before they become a text. */
const UNITS = 32 * 1024;

/**
 * Unit by unit: whoever fills a file with bytes that are not UTF-8 must not get a small text, or a step of garbage
 * collection, for each of them.
 */
function decodeEscaping(bytes: Buffer, start: number, end: number): string {
  const parts: string[] = [];
  const out = Buffer.allocUnsafe(2 * Math.min(UNITS, end - start));
  const units = new Uint16Array(out.buffer, out.byteOffset, out.length / 2);
  let written = 0;
  for (let at = start; at < end; ) {
    // A character has two units at most.
    if (written + 2 > units.length && written > 0) {
      parts.push(out.toString('utf16le', 0, written * 2));
      written = 0;
    }
    const lead = bytes[at]!;
    const length = sequenceLength(bytes, at, end);
    if (length <= 1) units[written++] = length === 1 ? lead : ESCAPE_BASE + lead;
    else if (length === 2) units[written++] = ((lead & 0x1f) << 6) | (bytes[at + 1]! & 0x3f);
    else if (length === 3) {
      units[written++] = ((lead & 0x0f) << 12) | ((bytes[at + 1]! & 0x3f) << 6) | (bytes[at + 2]! & 0x3f);
    } else {
      const beyond =
        (((lead & 0x07) << 18) |
          ((bytes[at + 1]! & 0x3f) << 12) |
          ((bytes[at + 2]! & 0x3f) << 6) |
          (bytes[at + 3]! & 0x3f)) -
        0x10000;
      units[written++] = 0xd800 | (beyond >> 10);
      units[written++] = 0xdc00 | (beyond & 0x3ff);
    }
    at += length || 1;
  }
  parts.push(out.toString('utf16le', 0, written * 2));
  return parts.join('');
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
  // A unit is at most three bytes of UTF-8.
  const out = Buffer.allocUnsafe(text.length * 3);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const next = (unit & 0xfc00) === 0xd800 ? text.charCodeAt(i + 1) : 0;
    if (unit < 0x80) out[at++] = unit;
    else if (unit >= 0xdc80 && unit <= 0xdcff) out[at++] = unit - ESCAPE_BASE;
    else if (unit < 0x800) {
      out[at++] = 0xc0 | (unit >> 6);
      out[at++] = 0x80 | (unit & 0x3f);
    } else if ((next & 0xfc00) === 0xdc00) {
      // The second half of a real pair is not an escape.
      const point = 0x10000 + ((unit & 0x3ff) << 10) + (next & 0x3ff);
      i += 1;
      out[at++] = 0xf0 | (point >> 18);
      out[at++] = 0x80 | ((point >> 12) & 0x3f);
      out[at++] = 0x80 | ((point >> 6) & 0x3f);
      out[at++] = 0x80 | (point & 0x3f);
    } else {
      // Half of a pair that stands alone, and stands for no byte.
      const shown = (unit & 0xf800) === 0xd800 ? 0xfffd : unit;
      out[at++] = 0xe0 | (shown >> 12);
      out[at++] = 0x80 | ((shown >> 6) & 0x3f);
      out[at++] = 0x80 | (shown & 0x3f);
    }
  }
  return out.subarray(0, at);
}

/** Characters of a text in JSON, without the quotes: a control character may take six. */
export function lengthInJson(text: string): number {
  return LONGER_IN_JSON.test(text) ? JSON.stringify(text).length - 2 : text.length;
}

const LONGER_IN_JSON = /[\0-\x1f"\\]|\p{Cs}/u;
