import { linesOf } from './lines.ts';

/**
 * How the C library takes lines of `/etc/passwd`, `/etc/group` and `/etc/shadow` apart, glibc's `nss/nss_files/files-parse.c`:
 * whoever is an account to `login` and `sudo` is one here, too.
 */

/** `isspace` of the C locale. */
const BLANKS = /^[ \t\n\v\f\r]+/;
/** `strtoul` with base 10. */
const NUMBER = /^[ \t\n\v\f\r]*([+-]?)0*([0-9]*)$/;
/** Digits of 2^64. */
const MAX_DIGITS = 20;
const MAX_UNSIGNED_LONG = 2n ** 64n - 1n;
/** Ids are 32 bits wide and unsigned. */
const MAX_ID = 0xffff_ffff;

/** Lines without the blanks they begin with, up to a NUL; comments and blank lines are skipped. */
export function* accountLines(content: string): Generator<string> {
  for (const whole of linesOf(content)) {
    const nul = whole.indexOf('\0');
    const line = (nul < 0 ? whole : whole.slice(0, nul)).replace(BLANKS, '');
    // `+` and `-` begin lines of NIS: no look-up finds them.
    if (line !== '' && !/^[#+-]/.test(line)) yield line;
  }
}

/**
 * A number of 32 bits, also with blanks and a sign before it: `strtoul` wraps a negative one around 2^64. Undefined for
 * anything else, and for '', which `accountNumber` callers take for "not set" where the C library does.
 */
export function accountNumber(field: string): number | undefined {
  // As nearly all are.
  if (/^[0-9]{1,9}$/.test(field)) return Number(field);
  const [, sign, digits = ''] = NUMBER.exec(field) ?? [];
  if (sign === undefined || digits.length > MAX_DIGITS || !/[0-9]$/.test(field)) return undefined;
  const value = BigInt(digits);
  if (value > MAX_UNSIGNED_LONG) return undefined;
  const wrapped = Number(sign === '-' ? BigInt.asUintN(64, -value) : value);
  return wrapped <= MAX_ID ? wrapped : undefined;
}

/** The first `count` fields; the last of them keeps what follows it, colons too. Fewer where the line is shorter. */
export function accountFields(line: string, count: number): string[] {
  const fields: string[] = [];
  let from = 0;
  while (fields.length < count - 1) {
    const colon = line.indexOf(':', from);
    if (colon < 0) break;
    fields.push(line.slice(from, colon));
    from = colon + 1;
  }
  fields.push(line.slice(from));
  return fields;
}
