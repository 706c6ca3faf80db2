import { EXEC_CALLS, FORK_CALLS, KILL_CALLS } from '../../base/audit-syscalls.ts';
import { auditArguments, auditNumber, auditText } from '../../parse/audit-record.ts';
import type { AuditEvent } from '../../schema/audit-event.ts';
import { bigint, text } from '../../schema/columns.ts';
import { eventTable, storeColumns } from '../../schema/event-table.ts';

/** Types of records, `include/uapi/linux/audit.h`. */
const PATH = 1302;
const CWD = 1307;
const EXECVE = 1309;

/** `CLONE_THREAD` of `clone(2)`: what begins is a thread, no process. */
const CLONE_THREAD = 0x10000;

/** Bytes of a command line that are kept; the kernel allows 2 MiB. */
const MAX_COMMAND = 32_768;

const has = (names: readonly string[], name: string) => names.includes(name);

/** Source: records of audit, `auditctl(8)`. */
export const processEvents = eventTable({
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
  *rows(event: AuditEvent, { stat: statOf, uptime }) {
    if (event.call?.record.field('success') !== 'yes') return;
    const { name: syscall, record: call } = event.call;
    const number = (name: string) => auditNumber(call.field(name));
    const isFork = has(FORK_CALLS, syscall);
    if (!isFork && !has(EXEC_CALLS, syscall) && !has(KILL_CALLS, syscall)) return;
    if (isFork && Number.parseInt(call.field('a0') ?? '0', 16) & CLONE_THREAD && syscall === 'clone') return;
    const path = auditText(call.field('exe'));
    const stat = path === '' ? undefined : statOf(path);
    const started = event.records.find((record) => record.type === PATH && record.field('item') === '0');
    const { argv, truncated } = auditArguments(event.records.filter(({ type }) => type === EXECVE));
    const command = argv.join(' ');
    const isLong = command.length > MAX_COMMAND;
    yield {
      pid: isFork ? number('exit') : number('pid'),
      parent: isFork ? number('pid') : number('ppid'),
      path,
      mode: started?.field('mode'),
      cmdline: isLong ? command.slice(0, MAX_COMMAND) : command,
      cmdline_size: command.length,
      env: '',
      env_count: 0,
      env_size: 0,
      cwd: auditText(event.records.find(({ type }) => type === CWD)?.field('cwd')),
      auid: number('auid'),
      uid: number('uid'),
      euid: number('euid'),
      gid: number('gid'),
      egid: number('egid'),
      fsuid: number('fsuid'),
      suid: number('suid'),
      fsgid: number('fsgid'),
      sgid: number('sgid'),
      owner_uid: auditNumber(started?.field('ouid')) ?? 0,
      owner_gid: auditNumber(started?.field('ogid')) ?? 0,
      atime: Math.floor(stat?.atime ?? 0),
      mtime: Math.floor(stat?.mtime ?? 0),
      ctime: Math.floor(stat?.ctime ?? 0),
      btime: Math.floor(stat?.btime ?? 0),
      overflows: [...(truncated || isLong ? ['cmdline'] : []), ...(event.complete ? [] : ['records'])].join(' '),
      uptime,
      syscall,
    };
  },
});
