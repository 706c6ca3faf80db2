import { EXEC_CALLS, FORK_CALLS, KILL_CALLS } from '../../base/audit-syscalls.ts';
import { MalformedInput } from '../../base/errors.ts';
import { PackedValues } from '../../base/packed-values.ts';
import { encodeText } from '../../base/text.ts';
import { auditArguments, auditText, fieldKeys } from '../../parse/audit-record.ts';
import type { AuditEvent } from '../../schema/audit-event.ts';
import { bigint, text } from '../../schema/columns.ts';
import { type KeptWriter, type Moment, rawEventTable, storeColumns } from '../../schema/event-table.ts';

/** Types of records, `include/uapi/linux/audit.h`. */
const PATH = 1302;
const CWD = 1307;
const EXECVE = 1309;

/** `CLONE_THREAD` of `clone(2)`: what begins is a thread, no process. */
const CLONE_THREAD = 0x10000;

/** Characters of a command line that are kept; the kernel allows 2 MiB. */
const MAX_COMMAND = 32_768;
/** Characters of records of arguments that are kept as they are: less than the longest command may take in them. */
const MAX_RECORDS = 16_384;

const WANTED: ReadonlySet<string> = new Set([...EXEC_CALLS, ...FORK_CALLS, ...KILL_CALLS]);
const FORKS: ReadonlySet<string> = new Set(FORK_CALLS);

/** Source: records of audit, `auditctl(8)`. */
export const processEvents = rawEventTable({
  name: 'process_events',
  description:
    'Programs that were started, and with flags for it forks and signals, as the kernel’s audit reported them.',
  platforms: ['linux', 'darwin'],
  publisher: 'auditeventpublisher',
  columns: {
    pid: bigint('Process id'),
    path: text('Path of the program'),
    mode: text('Type and permissions of the file that was started, octal'),
    cmdline: text('Arguments, separated by blanks'),
    cmdline_size: bigint('Characters of the arguments, also of those that were cut', { hidden: true }),
    env: text('Environment; audit does not report it', {
      hidden: true,
      aliases: ['environment'],
      untested: 'always empty: audit does not report it',
    }),
    env_count: bigint('Variables of the environment', { hidden: true, aliases: ['environment_count'] }),
    env_size: bigint('Bytes of the environment', { hidden: true, aliases: ['environment_size'] }),
    cwd: text('Current directory'),
    auid: bigint('User id of the login; 4294967295 outside of one'),
    uid: bigint('Real user id'),
    euid: bigint('Effective user id'),
    gid: bigint('Real group id'),
    egid: bigint('Effective group id'),
    owner_uid: bigint('User id of the owner of the file'),
    owner_gid: bigint('Group id of the owner of the file'),
    atime: bigint('Last read of the program, Unix seconds', { aliases: ['access_time'] }),
    mtime: bigint('Last change of the program, Unix seconds', { aliases: ['modify_time'] }),
    ctime: bigint('Last change of its attributes, Unix seconds', { aliases: ['change_time'] }),
    btime: bigint('When the program was made, Unix seconds', { aliases: ['create_time'] }),
    overflows: text('What was too long to be kept', { hidden: true }),
    parent: bigint('Process id of the parent'),
    time: storeColumns.time(),
    uptime: bigint('Seconds after the boot'),
    eid: storeColumns.eid(),
    status: bigint('Exit status', { platforms: ['darwin'] }),
    fsuid: bigint('User id for access to files', { platforms: ['linux'] }),
    suid: bigint('Saved user id', { platforms: ['linux'] }),
    fsgid: bigint('Group id for access to files', { platforms: ['linux'] }),
    sgid: bigint('Saved group id', { platforms: ['linux'] }),
    syscall: text('System call: execve, fork, kill, …', { platforms: ['linux'] }),
  },
  examples: ["select time, pid, path, cmdline from process_events where time > strftime('%s', 'now') - 60"],
  raw: { form: 'audit program 1', keep, read: (bytes) => new ProgramEvent(bytes) },
  cells: {
    pid: (event) => event.number(event.isFork ? 'exit' : 'pid'),
    path: (event) => auditText(event.text('exe')),
    mode: (event) => event.text('mode'),
    cmdline: ({ command }) => command,
    cmdline_size: ({ size }) => size,
    env: () => '',
    env_count: () => 0,
    env_size: () => 0,
    cwd: (event) => auditText(event.text('cwd')),
    auid: (event) => event.number('auid'),
    uid: (event) => event.number('uid'),
    euid: (event) => event.number('euid'),
    gid: (event) => event.number('gid'),
    egid: (event) => event.number('egid'),
    owner_uid: (event) => event.number('ouid') ?? 0,
    owner_gid: (event) => event.number('ogid') ?? 0,
    atime: (event) => event.number('atime'),
    mtime: (event) => event.number('mtime'),
    ctime: (event) => event.number('ctime'),
    btime: (event) => event.number('btime'),
    overflows: ({ overflows }) => overflows,
    parent: (event) => event.number(event.isFork ? 'pid' : 'ppid'),
    uptime: (event) => event.number('uptime'),
    status: () => undefined,
    fsuid: (event) => event.number('fsuid'),
    suid: (event) => event.number('suid'),
    fsgid: (event) => event.number('fsgid'),
    sgid: (event) => event.number('sgid'),
    syscall: (event) => event.text('syscall'),
  },
});

/** What is kept, in this order: fields of the call in that of its record, of the file that was started, and what else is known. */
const CALL = ['exit', 'ppid', 'pid', 'auid', 'uid', 'gid', 'euid', 'suid', 'fsuid', 'egid', 'sgid', 'fsgid'] as const;
const FILE = ['ouid', 'ogid'] as const;
const [CALL_KEYS, FILE_KEYS] = [fieldKeys(CALL), fieldKeys(FILE)];
const TIMES = ['atime', 'mtime', 'ctime', 'btime'] as const;
const NUMBERS = [...CALL, ...FILE, ...TIMES, 'uptime', 'size', 'isCut', 'isComplete'] as const;
/** And then the arguments. */
const TEXTS = ['syscall', 'exe', 'cwd', 'mode'] as const;

const NUMBER_AT = new Map(NUMBERS.map((name, i) => [name, i]));
const TEXT_AT = new Map(TEXTS.map((name, i) => [name, i]));

/** Of the event that is being kept. */
const numbers = new Float64Array(NUMBERS.length);

/** Writes what columns are made of. */
function keep({ call, records, complete }: AuditEvent, { stat: statOf, uptime }: Moment, into: KeptWriter): void {
  if (call?.record.field('success') !== 'yes' || !WANTED.has(call.name)) return;
  const { name, record } = call;
  if (name === 'clone' && Number.parseInt(record.field('a0') ?? '0', 16) & CLONE_THREAD) return;
  const exe = record.field('exe');
  const path = auditText(exe);
  const stat = path === '' ? undefined : statOf(path);
  const file = records.find((one) => one.type === PATH && one.field('item') === '0');
  const cwd = records.find(({ type }) => type === CWD)?.field('cwd');
  const given = records.filter(({ type }) => type === EXECVE).map(({ body }) => body);
  const command = given.reduce((sum, { length }) => sum + length, 0) > MAX_RECORDS ? cut(given) : undefined;
  record.numbers(CALL_KEYS, numbers, 0);
  numbers.fill(Number.NaN, CALL.length, CALL.length + FILE.length);
  file?.numbers(FILE_KEYS, numbers, CALL.length);
  let at = CALL.length + FILE.length;
  for (const name of TIMES) numbers[at++] = Math.floor(stat?.[name] ?? 0);
  numbers[at++] = uptime;
  // None where it is kept whole.
  numbers[at++] = command?.size ?? Number.NaN;
  numbers[at++] = Number(command?.isCut ?? false);
  numbers[at] = Number(complete);
  const texts = [name, exe ?? '', cwd ?? '', file?.field('mode') ?? '', ...(command?.given ?? given)];
  into.values(numbers, texts);
}

/** The command as one argument, as far as it is shown. */
function cut(records: readonly string[]) {
  const { argv, truncated } = auditArguments(records);
  const command = argv.join(' ');
  // Not in the middle of a character.
  const most = command.codePointAt(MAX_COMMAND - 1)! > 0xffff ? MAX_COMMAND - 1 : MAX_COMMAND;
  const shown = encodeText(command.slice(0, most)).toString('hex').toUpperCase();
  return { given: [` argc=1 a0=${shown}`], size: command.length, isCut: truncated || command.length > MAX_COMMAND };
}

/** What was kept of a program that was started, of a fork, of a signal. */
class ProgramEvent {
  readonly #values: PackedValues;

  constructor(bytes: Buffer) {
    this.#values = new PackedValues(bytes);
    if (this.#values.numbers !== NUMBERS.length || this.#values.texts < TEXTS.length) {
      throw new MalformedInput('audit', 0, 'no program was kept so');
    }
  }

  /** Undefined where the record had none. */
  number(name: (typeof NUMBERS)[number]): number | undefined {
    const number = this.#values.number(NUMBER_AT.get(name)!);
    return Number.isNaN(number) ? undefined : number;
  }

  text(name: (typeof TEXTS)[number]): string {
    return this.#values.text(TEXT_AT.get(name)!);
  }

  get isFork(): boolean {
    return FORKS.has(this.text('syscall'));
  }

  get command(): string {
    return this.#arguments.argv.join(' ');
  }

  get size(): number {
    return this.number('size') ?? this.command.length;
  }

  get overflows(): string {
    const isCut = this.number('isCut') === 1 || this.#arguments.truncated;
    return [...(isCut ? ['cmdline'] : []), ...(this.number('isComplete') === 1 ? [] : ['records'])].join(' ');
  }

  get #arguments() {
    const given = [];
    for (let i = TEXTS.length; i < this.#values.texts; i++) given.push(this.#values.text(i));
    return auditArguments(given);
  }
}
