/** Rules of the kernel's audit as messages have them: `struct audit_rule_data` of `include/uapi/linux/audit.h`. */

/** Which calls are reported when they return: those for which all conditions hold, as after `-F` of `auditctl(8)`. */
export interface AuditRule {
  /** Numbers of the calls. */
  readonly calls: readonly number[];
  readonly conditions: readonly AuditCondition[];
  /** By which the rule is known. */
  readonly key: string;
}

export type AuditCondition = readonly [field: keyof typeof FIELDS, operator: keyof typeof OPERATORS, value: number];

/** A rule that the kernel has. */
export interface ListedRule {
  readonly key: string;
  readonly bytes: Buffer;
}

/** `a0` to `a3`: arguments of the call. */
const FIELDS = { pid: 0, arch: 11, success: 104, a0: 200, a1: 201, a2: 202, a3: 203 };
/** `&`: some of the bits, `&=`: all of them. */
const OPERATORS = { '=': 0x40000000, '!=': 0x30000000, '&': 0x08000000, '&=': 0x48000000 };

/** Where things are: filter, action, number of fields, a mask of calls, 64 of each of the next three, length of the texts. */
const AT = { filter: 0, action: 4, count: 8, mask: 12, fields: 268, values: 524, operators: 780, length: 1036 };
const SIZE = 1040;
const AUDIT_FILTER_EXIT = 4;
const AUDIT_ALWAYS = 2;
const AUDIT_FILTERKEY = 210;
/** Fields whose value is the length of a text: parts of labels, watched files and directories, programs, keys. */
const TEXTS: ReadonlySet<number> = new Set([13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 105, 107, 112, AUDIT_FILTERKEY]);

export function encodeRule({ calls, conditions, key }: AuditRule): Buffer {
  const bytes = Buffer.alloc(SIZE + key.length);
  bytes.writeUInt32LE(AUDIT_FILTER_EXIT, AT.filter);
  bytes.writeUInt32LE(AUDIT_ALWAYS, AT.action);
  for (const call of calls) {
    const word = AT.mask + (call >> 5) * 4;
    bytes.writeUInt32LE((bytes.readUInt32LE(word) | (1 << (call & 31))) >>> 0, word);
  }
  const fields = [
    ...conditions.map(([field, operator, value]) => [FIELDS[field], OPERATORS[operator], value] as const),
    [AUDIT_FILTERKEY, OPERATORS['='], key.length] as const,
  ];
  bytes.writeUInt32LE(fields.length, AT.count);
  for (const [i, [field, operator, value]] of fields.entries()) {
    bytes.writeUInt32LE(field, AT.fields + i * 4);
    bytes.writeUInt32LE(value >>> 0, AT.values + i * 4);
    bytes.writeUInt32LE(operator, AT.operators + i * 4);
  }
  bytes.writeUInt32LE(key.length, AT.length);
  bytes.write(key, SIZE, 'latin1');
  return bytes;
}

/** What a rule is known by; empty for one that has no key. */
export function keyOf(bytes: Buffer): string {
  if (bytes.length < SIZE) return '';
  let at = SIZE;
  for (let i = 0; i < Math.min(bytes.readUInt32LE(AT.count), 64); i++) {
    const field = bytes.readUInt32LE(AT.fields + i * 4);
    if (!TEXTS.has(field)) continue;
    const end = at + bytes.readUInt32LE(AT.values + i * 4);
    if (field === AUDIT_FILTERKEY) return bytes.subarray(at, end).toString('latin1');
    at = end;
  }
  return '';
}
