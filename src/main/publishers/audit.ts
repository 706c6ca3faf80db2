import { ACCEPT_CALLS, EXEC_CALLS, FORK_CALLS, KILL_CALLS, SOCKET_CALLS } from '../../base/audit-syscalls.ts';
import type { OptionValues } from '../../config/option-values.ts';
import { AuditPublisher } from '../../events/audit/publisher.ts';
import { AuditSocket } from '../../host/linux/audit-socket.ts';
import type { Starter } from './starter.ts';

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
  start({ options, tables, emit, now, say, left, leave }) {
    const allowConfig = options.bool('audit_allow_config');
    const publisher = new AuditPublisher(
      (readAlong) => new AuditSocket({ readAlong }),
      {
        allowConfig,
        calls: wantedCalls(tables, options),
        sockets: {
          failed: options.bool('audit_allow_failed_socket_events'),
          noClient: options.bool('audit_allow_null_accept_socket_events'),
          unix: options.bool('audit_allow_unix'),
        },
        backlogLimit: options.number('audit_backlog_limit'),
        backlogWait: options.number('audit_backlog_wait_time'),
        enabledBefore: left,
      },
      process.pid,
      process.arch,
      emit,
      now,
    );
    const mode = publisher.readsAlong ? 'reads along with the audit daemon' : 'is the audit daemon';
    say('INFO', `auditeventpublisher: started, ${mode}`);
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
