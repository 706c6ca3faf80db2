/** One line of `/etc/shadow`, `shadow(5)`, without the hash. Days are days since 1970; -1 where a field is empty. */
export interface ShadowEntry {
  readonly name: string;
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

const FIELDS = 9;

/** The hash itself stays here: only its status and the name of its algorithm go on. */
export function* parseShadow(content: string): Generator<ShadowEntry> {
  for (const line of content.split('\n')) {
    const fields = line.split(':');
    const [name = '', password = ''] = fields;
    if (name === '' || fields.length < FIELDS - 1) continue;
    const number = (index: number) => (/^-?\d{1,15}$/.test(fields[index] ?? '') ? Number(fields[index]) : -1);
    yield {
      name,
      status: statusOf(password),
      algorithm: /^\$(\w+)\$/.exec(password)?.[1] ?? '',
      lastChange: number(2),
      min: number(3),
      max: number(4),
      warning: number(5),
      inactive: number(6),
      expire: number(7),
      flag: number(8),
    };
  }
}

function statusOf(password: string): ShadowEntry['status'] {
  if (password === '!!') return 'not_set';
  if (password === '') return 'empty';
  return /^[!*x]/.test(password) ? 'locked' : 'active';
}
