import { UserError } from '../base/errors.ts';
import {
  allOptions,
  type OptionDeclaration,
  type OptionType,
  optionAliases,
  optionChoices,
  secretOptions,
} from './options.ts';

/** Characters of a value that a message repeats. */
const SHOWN = 80;
const MASK = '********';

/** Options with the values they have; what nobody set has its default. */
export class OptionValues {
  readonly #declarations: ReadonlyMap<string, OptionDeclaration>;
  readonly #values = new Map<string, string>();

  constructor(declarations: readonly OptionDeclaration[] = allOptions) {
    this.#declarations = new Map(declarations.map((declaration) => [declaration[0], declaration]));
  }

  get declarations(): Iterable<OptionDeclaration> {
    return this.#declarations.values();
  }

  /** The declaration under its own name or an older one. */
  declaration(name: string): OptionDeclaration | undefined {
    const current = Object.hasOwn(optionAliases, name) ? optionAliases[name]! : name;
    return this.#declarations.get(current);
  }

  /** Throws `UserError` for a value that the type or the option does not have. */
  set(declaration: OptionDeclaration, value: string): void {
    const [name, type] = declaration;
    this.#values.set(name, normalize(name, type, value));
  }

  /** All that was set, to come back to with `restore`. */
  save(): ReadonlyMap<string, string> {
    return new Map(this.#values);
  }

  restore(saved: ReadonlyMap<string, string>): void {
    this.#values.clear();
    for (const [name, value] of saved) this.#values.set(name, value);
  }

  isSet(name: string): boolean {
    return this.#values.has(name);
  }

  string(name: string): string {
    return this.#values.get(name) ?? this.#declarations.get(name)![2];
  }

  /** As tables and logs show it: of a secret, only whether there is one. */
  shown(name: string): string {
    const value = this.string(name);
    // A proxy's user and password stand before its name.
    if (name === 'proxy_hostname') return value.replace(/^(https?:\/\/)?.*@/s, `$1${MASK}@`);
    return secretOptions.has(name) && value !== '' ? MASK : value;
  }

  bool(name: string): boolean {
    return this.string(name) === 'true';
  }

  number(name: string): number {
    return Number(this.string(name));
  }
}

const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

const TRUE = new Set(['1', 't', 'true', 'y', 'yes']);
const FALSE = new Set(['0', 'f', 'false', 'n', 'no']);

/** The value as `osquery_flags` shows it. */
function normalize(name: string, type: OptionType, value: string): string {
  const bad = (hint = '') =>
    new UserError(`illegal value '${shorten(value)}' specified for ${type} flag '${name}'${hint}`);
  if (type === 'string') {
    const choices = optionChoices.get(name);
    if (choices !== undefined && !choices.includes(value)) throw bad(`; it is ${oneOf(choices)}`);
    return value;
  }
  if (type === 'bool') {
    const lower = value.toLowerCase();
    if (TRUE.has(lower)) return 'true';
    if (FALSE.has(lower)) return 'false';
    throw bad();
  }
  if (!/^[+-]?(\d{1,20}|0x[0-9a-f]{1,16})$/i.test(value)) throw bad();
  const negative = value.startsWith('-');
  const digits = BigInt(value.replace(/^[+-]/, ''));
  const number = negative ? -digits : digits;
  const [min, max] = RANGES[type]!;
  if (number < min || number > max) throw bad();
  return number.toString();
}

/** `hostname, uuid or specified`. */
export function oneOf(choices: readonly string[]): string {
  return [choices.slice(0, -1).join(', '), choices.at(-1)].filter(Boolean).join(' or ');
}

export function shorten(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
