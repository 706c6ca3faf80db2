import { ACCEPT_CALLS, EXEC_CALLS, FORK_CALLS, KILL_CALLS, SOCKET_CALLS } from '../../base/audit-syscalls.ts';
import { ifReadable } from '../../base/errors.ts';
import type { OptionValues } from '../../config/option-values.ts';
import { sparingly } from '../../daemon/sparingly.ts';
import { type FileLookup, FileTracker } from '../../events/audit/file-tracker.ts';
import { AuditPublisher, UNREAD } from '../../events/audit/publisher.ts';
import { PathRules } from '../../events/files/path-rules.ts';
import { AuditSocket } from '../../host/linux/audit-socket.ts';
import { cachedStat, hasCachedLooks } from '../../host/linux/cached.ts';
import { LinuxHost } from '../../host/linux/linux-host.ts';
import type { Starter, StarterParts } from './starter.ts';

const { files } = new LinuxHost();

/** Hears the kernel's audit. */
export const audit: Starter = {
  name: 'auditeventpublisher',
  isOn: (options) => !options.bool('disable_audit'),
  tableFlags: {
    apparmor_events: 'audit_allow_apparmor_events',
    process_events: 'audit_allow_process_events',
    process_file_events: 'audit_allow_fim_events',
    seccomp_events: 'audit_allow_seccomp_events',
    selinux_events: 'audit_allow_selinux_events',
    socket_events: 'audit_allow_sockets',
    user_events: 'audit_allow_user_events',
  },
  start(parts) {
    const { options, tables, recording, emit, now, say, left, leave } = parts;
    const allowConfig = options.bool('audit_allow_config') && recording === undefined;
    const tracker = trackerOf(parts);
    const accesses = options.bool('audit_fim_show_accesses');
    const debugs = options.bool('audit_debug');
    const without = debugs ? [] : UNREAD;
    const publisher = new AuditPublisher({
      open: (readAlong) => recording?.audit() ?? new AuditSocket({ readAlong, without }),
      options: {
        calls: wantedCalls(tables, options),
        files: tracker === undefined ? 'nothing' : accesses ? 'changes and accesses' : 'changes',
        sockets: {
          failed: options.bool('audit_allow_failed_socket_events'),
          noClient: options.bool('audit_allow_null_accept_socket_events'),
          unix: options.bool('audit_allow_unix'),
        },
        allowConfig,
        clearRules: options.bool('audit_force_reconfigure'),
        clearsAtEnd: options.bool('audit_force_unconfigure'),
        persist: options.bool('audit_persist'),
        backlogLimit: options.number('audit_backlog_limit'),
        backlogWait: options.number('audit_backlog_wait_time'),
        enabledBefore: left,
      },
      files: tracker,
      pid: process.pid,
      arch: process.arch,
      isRunning: (pid) => files.exists(`/proc/${pid}`),
      emit,
      now,
      startedAt: BigInt(Date.now()) * 1_000_000n,
      say,
      debug: debugs ? (text) => say('INFO', `auditeventpublisher: ${text}`) : undefined,
    });
    const mode = publisher.readsAlong ? 'reads along with the audit daemon' : 'is the audit daemon';
    say('INFO', `auditeventpublisher: started, ${mode}`);
    if (!hasCachedLooks()) {
      const lacks = 'process_events has no times of programs, and more of process_file_events is uncertain';
      say('INFO', `auditeventpublisher: before Linux 5.12 a look at a file may wait for ever, so ${lacks}`);
    }
    if (allowConfig) leave(publisher.enabledBefore);
    return publisher;
  },
};

/** The calls that are to be audited for tables and flags. */
function wantedCalls(tables: readonly string[], options: OptionValues): string[] {
  const calls: string[] = [];
  if (tables.includes('process_events')) {
    calls.push(...EXEC_CALLS);
    if (options.bool('audit_allow_fork_process_events')) calls.push(...FORK_CALLS);
    if (options.bool('audit_allow_kill_process_events')) calls.push(...KILL_CALLS);
  }
  if (tables.includes('socket_events')) {
    calls.push(...SOCKET_CALLS);
    if (options.bool('audit_allow_accept_socket_events')) calls.push(...ACCEPT_CALLS);
  }
  return calls;
}

/** What follows files, if there are any to be followed. */
function trackerOf({ options, sections, tables, say, now }: StarterParts): FileTracker | undefined {
  const rules = new PathRules(sections.files);
  if (rules.isEmpty || !tables.includes('process_file_events')) return undefined;
  const wishes = {
    matches: (path: string) => rules.match(path).length > 0,
    accesses: options.bool('audit_fim_show_accesses'),
    partial: options.bool('audit_show_partial_fim_events'),
  };
  const warn = sparingly((text) => say('WARNING', `process_file_events: ${text}`), now);
  return new FileTracker(wishes, lookup, {
    untracked: options.bool('audit_show_untracked_res_warnings') ? warn : undefined,
    debug: options.bool('audit_fim_debug') ? (text) => say('INFO', `process_file_events: ${text}`) : undefined,
  });
}

const lookup: FileLookup = {
  processes: () => files.list('/proc').flatMap(({ name }) => (/^\d+$/.test(name) ? Number(name) : [])),
  descriptor: (pid, descriptor) => ifReadable(() => files.readLink(`/proc/${pid}/fd/${descriptor}`)),
  // What was just used is known without asking who serves it, and may not answer.
  inode: (path) => cachedStat(path, { follow: false })?.inode,
};
