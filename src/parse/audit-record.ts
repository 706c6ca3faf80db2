import { MalformedInput } from '../base/errors.ts';
import { decodeText } from '../base/text.ts';

/** A record of the kernel's audit, `include/uapi/linux/audit.h`. */
export interface AuditRecord {
  /** `AUDIT_SYSCALL` 1300, `AUDIT_EXECVE` 1309, … */
  readonly type: number;
  /** The same for all records of one event. */
  readonly serial: number;
  /** Nanoseconds since the epoch; the kernel has milliseconds. */
  readonly occurred: bigint;
  /** Names to values as they stand there; `auditText` reads what programs may have written. */
  readonly fields: ReadonlyMap<string, string>;
  /** One of them; cheaper where few are asked for. */
  field(name: string): string | undefined;
  /**
   * Numbers of a `PLAIN` record, from a place of `into` on, each NaN where there is none; cheapest where keys are in the order
   * of the record.
   */
  numbers(keys: FieldKeys, into: Float64Array, at: number): void;
  /** As the kernel wrote it. */
  readonly text: string;
  /** Its fields alone, without time and serial number. */
  readonly body: string;
}

/** How fields begin, ` name=`. */
export type FieldKeys = readonly ` ${string}=`[];

export function fieldKeys(names: readonly string[]): FieldKeys {
  return names.map((name) => ` ${name}=` as const);
}

/** `MAX_AUDIT_MESSAGE_LENGTH`. */
const MAX_LENGTH = 8970;
/**
 * `AUDIT_SYSCALL`, `AUDIT_PATH`, `AUDIT_SOCKADDR`, `AUDIT_CWD`: the kernel alone writes them, and what programs have named has
 * no blank in it there, so that a field can be found by its name.
 */
const PLAIN: ReadonlySet<number> = new Set([1300, 1302, 1306, 1307]);

/**
 * A record's text. Programs name their files and arguments, so what they wrote is in quotes or, where it has a blank, a quote
 * or a byte beyond ASCII in it, in hexadecimal. Throws `MalformedInput` for a text that does not begin as records do.
 */
export function parseAuditRecord(type: number, text: string, source: string): AuditRecord {
  if (!(text.length <= MAX_LENGTH)) throw new MalformedInput(source, MAX_LENGTH, 'longer than the kernel writes them');
  // `audit(1364481363.243:24287):`
  const dot = text.indexOf('.', HEAD.length);
  const end = text.indexOf('):', dot);
  const seconds = digits(text, HEAD.length, dot, 12);
  const milliseconds = text[dot + 4] === ':' ? digits(text, dot + 1, dot + 4, 3) : Number.NaN;
  const serial = digits(text, dot + 5, end, 10);
  if (!text.startsWith(HEAD) || Number.isNaN(seconds + milliseconds + serial)) {
    throw new MalformedInput(source, 0, 'not a record of audit');
  }
  return new LazyRecord(type, serial, seconds * 1000 + milliseconds, text, end + 2);
}

const HEAD = 'audit(';
const ZERO = 0x30;
const MINUS = 0x2d;

/** Names of fields, which are few, to how they begin: to put one together takes as long as to find it. */
const KEYS = new Map<string, string>();

/** A number of at most so many digits; NaN for what is none. */
function digits(text: string, start: number, end: number, most: number): number {
  if (end <= start || end - start > most) return Number.NaN;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Its fields are found when somebody asks for them: of the nine records of a program five are never asked. */
class LazyRecord implements AuditRecord {
  readonly type: number;
  readonly serial: number;
  readonly text: string;
  readonly #milliseconds: number;
  readonly #start: number;
  #fields: Map<string, string> | undefined;

  constructor(type: number, serial: number, milliseconds: number, text: string, start: number) {
    this.type = type;
    this.serial = serial;
    this.#milliseconds = milliseconds;
    this.text = text;
    this.#start = start;
  }

  get occurred(): bigint {
    return BigInt(this.#milliseconds) * 1_000_000n;
  }

  get body(): string {
    return this.text.slice(this.#start);
  }

  get fields(): ReadonlyMap<string, string> {
    if (this.#fields === undefined) {
      this.#fields = new Map();
      addFields(this.#fields, this.text.slice(this.#start));
      // What programs say themselves (`AUDIT_USER` and its kin) stands in a field of its own.
      const own = this.#fields.get('msg');
      if (own?.startsWith("'")) addFields(this.#fields, own.slice(1, -1));
    }
    return this.#fields;
  }

  numbers(keys: FieldKeys, into: Float64Array, at: number): void {
    const { text } = this;
    let from = this.#start;
    for (let i = 0; i < keys.length; i++) {
      const next = this.#find(keys[i]!, from);
      const start = next < 0 ? this.#find(keys[i]!, this.#start) : next;
      const end = start < 0 ? start : text.indexOf(' ', start);
      into[at + i] = start < 0 ? Number.NaN : number(text, start, end < 0 ? text.length : end);
      from = Math.max(start, from);
    }
  }

  field(name: string): string | undefined {
    if (!PLAIN.has(this.type)) return this.fields.get(name);
    const start = this.#find(keyOf(name), this.#start);
    if (start < 0) return undefined;
    const end = this.text.indexOf(' ', start);
    return end < 0 ? this.text.slice(start) : this.text.slice(start, end);
  }

  /** Where the value of a field begins, from a place on; below 0 where there is none. */
  #find(key: string, from: number): number {
    const at = this.text.indexOf(key, from);
    return at < 0 ? at : at + key.length;
  }
}

function keyOf(name: string): string {
  let key = KEYS.get(name);
  if (key === undefined) {
    key = ` ${name}=`;
    KEYS.set(name, key);
  }
  return key;
}

/** Adds fields. Of two equal names the first counts: the kernel's stand in front of what a program could add. */
function addFields(fields: Map<string, string>, text: string): void {
  eachField(text, (name, value) => {
    if (!fields.has(name)) fields.set(name, value);
  });
}

/**
 * Gives `name=value`, as often as it is there. A value in double quotes has none in it, one in single quotes comes from a
 * program and has the names of fields in it. By hand, because a regular expression takes three times as long, and this is most
 * of the work.
 */
function eachField(text: string, take: (name: string, value: string) => void): void {
  for (let at = 0, equals = text.indexOf('='); equals >= 0; equals = text.indexOf('=', at)) {
    let start = equals;
    while (start > at && isOfName(text.charCodeAt(start - 1))) start -= 1;
    at = endOfValue(text, equals + 1);
    const name = text.slice(start, equals);
    if (name !== '') take(name, text.slice(equals + 1, at));
    else at = equals + 1;
  }
}

const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const COMMA = 0x2c;
const isBlank = (code: number) => code <= 0x20 || code === 0xa0;
const isOfName = (code: number) => !isBlank(code) && code !== DOUBLE_QUOTE && code !== SINGLE_QUOTE && code !== COMMA;

function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === DOUBLE_QUOTE || first === SINGLE_QUOTE) {
    const end = text.indexOf(first === DOUBLE_QUOTE ? '"' : "'", start + 1);
    if (end >= 0) return end + 1;
  }
  let end = start;
  while (end < text.length && !isBlank(text.charCodeAt(end))) end += 1;
  return end;
}

const HEXADECIMAL = /^(?:[0-9A-F]{2})+$/;

/** What a program wrote: quotes taken off, hexadecimal read; empty for `(null)` and what is not there. */
export function auditText(value: string | undefined): string {
  if (value === undefined || value === '(null)') return '';
  if (value.startsWith('"')) return value.slice(1, -1);
  return HEXADECIMAL.test(value) ? decodeText(Buffer.from(value, 'hex')) : value;
}

/** A number of a record, in decimal; undefined for what is none. -1 as the unsigned number that it is shown as elsewhere. */
export function auditNumber(value: string | undefined): number | undefined {
  const found = value === undefined ? Number.NaN : number(value, 0, value.length);
  return Number.isNaN(found) ? undefined : found;
}

/** NaN for what is none. */
function number(text: string, start: number, end: number): number {
  const isNegative = text.charCodeAt(start) === MINUS;
  const value = digits(text, isNegative ? start + 1 : start, end, 15);
  return isNegative ? -value : value;
}

export interface AuditArguments {
  readonly argv: readonly string[];
  /** Whether some of them, or of their bytes, are not in the records. */
  readonly truncated: boolean;
}

/** Arguments of one program; the kernel allows two million, and this is more than anybody reads. */
const MAX_ARGUMENTS = 65_536;
const INDEX_DIGITS = 7;

/**
 * The arguments of a program, in order, from the bodies of its `AUDIT_EXECVE` records: `a0="ls"`, one that is long in pieces
 * (`a1_len=18000 a1[0]=… a1[1]=…`), many over several records.
 */
export function auditArguments(bodies: readonly string[]): AuditArguments {
  const whole: string[] = [];
  const pieces: string[][] = [];
  const lengths: number[] = [];
  let count: number | undefined;
  const take = (name: string, value: string) => {
    if (name === 'argc') count ??= auditNumber(value);
    const plain = name.startsWith('a') ? digits(name, 1, name.length, INDEX_DIGITS) : Number.NaN;
    if (plain < MAX_ARGUMENTS) whole[plain] ??= auditText(value);
    if (!Number.isNaN(plain)) return;
    const [, index, piece, length] = /^a(\d{1,7})(?:\[(\d{1,5})\]|(_len))$/.exec(name) ?? [];
    const at = Number(index);
    if (index === undefined || at >= MAX_ARGUMENTS) return;
    if (length !== undefined) lengths[at] ??= auditNumber(value) ?? 0;
    if (piece === undefined) return;
    const some = pieces[at] ?? [];
    some.push(value);
    pieces[at] = some;
  };
  for (const body of bodies) eachField(body, take);
  const argv: string[] = [];
  let truncated = false;
  const most = Math.min(Math.max(count ?? 0, whole.length, pieces.length), MAX_ARGUMENTS);
  for (let i = 0; i < most; i++) {
    const long = pieces[i];
    const text = whole[i] ?? (long && joined(long));
    // `a1_len` counts the characters of the hexadecimal.
    if (text === undefined || (long !== undefined && long.join('').length < (lengths[i] ?? 0))) truncated = true;
    if (text !== undefined) argv.push(text);
  }
  return { argv, truncated: truncated || argv.length < (count ?? 0) };
}

/** Pieces are cut anywhere, in the middle of a character, too. */
function joined(pieces: readonly string[]): string {
  const all = pieces.map((piece) => (piece.startsWith('"') ? piece.slice(1, -1) : piece)).join('');
  return pieces[0]!.startsWith('"') ? all : auditText(all);
}
