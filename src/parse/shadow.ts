import { accountFields, accountLines, accountNumber } from '../base/account-fields.ts';

/** One line of `/etc/shadow`, `shadow(5)`, without the hash. Days are days since 1970; -1 where a field is empty. */
export interface ShadowEntry {
  readonly name: string;
  /** `active` where some password can open the account; `not_set` and `locked` where none can. */
  readonly status: 'not_set' | 'locked' | 'empty' | 'active';
  /** Id of the hash, `crypt(5)`: `1` MD5, `5` SHA-256, `6` SHA-512, `y` yescrypt, …; empty where there is none. */
  readonly algorithm: string;
  readonly lastChange: number;
  readonly min: number;
  readonly max: number;
  readonly warning: number;
  readonly inactive: number;
  readonly expire: number;
  readonly flag: number;
}

/** Fields of a line, and of its old form, which ends behind `max`. */
const FIELDS = 9;
const OLD_FIELDS = 5;
/** Among the numbers behind name and password. */
const WARNING = 3;

/**
 * Entries as `fgetspent(3)` gives them: other lines are none to whoever checks a password. The hash itself stays here: only
 * its status and the name of its algorithm go on.
 */
export function* parseShadow(content: string): Generator<ShadowEntry> {
  for (const line of accountLines(content)) {
    const [name = '', password = '', ...texts] = accountFields(line, FIELDS);
    const numbers = ageing(texts);
    if (numbers === undefined) continue;
    const [lastChange = -1, min = -1, max = -1, warning = -1, inactive = -1, expire = -1, flag = -1] = numbers;
    const algorithm = /^\$(\w+)[$,]/.exec(password)?.[1] ?? '';
    yield { name, status: statusOf(password), algorithm, lastChange, min, max, warning, inactive, expire, flag };
  }
}

/** The numbers behind the password; undefined for a line that the C library refuses. */
function ageing(texts: readonly string[]): number[] | undefined {
  // Blanks behind the colon of `max` are skipped; nothing behind them is the old form, too.
  const fields = texts.map((text, i) => (i === WARNING && /^[ \t\v\f\r]*$/.test(text) ? '' : text));
  const old = fields.length === WARNING + 1 && fields[WARNING] === '';
  if (old) fields.pop();
  const missing = FIELDS - 2 - fields.length;
  // The line may end with `max`, or with `expire` where that is filled.
  if (missing !== 0 && missing !== FIELDS - OLD_FIELDS && missing !== 1) return undefined;
  if (missing > 0 && !old && fields.at(-1) === '') return undefined;
  const numbers = fields.map((field, i) => {
    if (field === '') return -1;
    const number = accountNumber(field);
    // All but the last, which is an unsigned long, are stored as a signed number of 32 bits.
    return number === undefined || i === FIELDS - 3 ? number : number | 0;
  });
  return numbers.includes(undefined) ? undefined : (numbers as number[]);
}

/**
 * What `crypt(3)` can ever give for a password, `crypt(5)`: DES and bigcrypt, BSDi's DES, and all that begins with a dollar
 * sign and an id. Anything else (`*`, `!…`, `x`, `NP`, `*LK*`) matches no password.
 */
const HASH = /^([./0-9A-Za-z]{13}([./0-9A-Za-z]{11})*|_[./0-9A-Za-z]{19}|\$[0-9A-Za-z-]+[$,].+)$/s;

function statusOf(password: string): ShadowEntry['status'] {
  if (password === '!!') return 'not_set';
  if (password === '') return 'empty';
  return HASH.test(password) ? 'active' : 'locked';
}
