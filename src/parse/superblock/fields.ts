/** Fields that superblocks share. Each takes what is left of a short read as it is. */

/** 16 bytes as 8-4-4-4-12 hex digits; '' if all are zero, or some are missing. */
export function uuidField(bytes: Buffer, at: number): string {
  const field = bytes.subarray(at, at + 16);
  if (field.length < 16 || field.every((byte) => byte === 0)) return '';
  const hex = field.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Text up to the first NUL, spaces at its end removed. */
export function textField(bytes: Buffer, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.utf8Slice(0, end < 0 ? field.length : end).trimEnd();
}

/** UTF-16, little endian, up to the first NUL. */
export function utf16Field(bytes: Buffer, at: number, length: number): string {
  return bytes
    .subarray(at, at + length)
    .toString('utf16le')
    .split('\0', 1)[0]!
    .trimEnd();
}
