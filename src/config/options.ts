import { awsOptions } from './options/aws.ts';
import { configOptions } from './options/config.ts';
import type { OptionDeclaration } from './options/declaration.ts';
import { eventOptions } from './options/events.ts';
import { loggingOptions } from './options/logging.ts';
import { processOptions } from './options/process.ts';
import { remoteOptions } from './options/remote.ts';
import { shellOptions } from './options/shell.ts';
import { storeOptions } from './options/store.ts';
import { tableOptions } from './options/tables.ts';

export { optionChoices } from './options/choices.ts';
export type { OptionDeclaration, OptionKind, OptionType } from './options/declaration.ts';
export { withoutEffect } from './options/without-effect.ts';

/** Every option that osquery has on Linux, under its headings. */
export const optionGroups: readonly (readonly [heading: string, options: readonly OptionDeclaration[]])[] = [
  ['Shell', shellOptions],
  ['Process and watchdog', processOptions],
  ['Configuration and schedule', configOptions],
  ['Logging', loggingOptions],
  ['Servers', remoteOptions],
  ['AWS', awsOptions],
  ['Events', eventOptions],
  ['Tables', tableOptions],
  ['Database and extensions', storeOptions],
];

/** Ours alone: osquery has no such option, or no longer. */
export const ownOptions: readonly OptionDeclaration[] = [
  ['root', 'string', '', 'cli', 'Read the files below this directory as if they were the machine'],
  ['bpf_buffer_storage_size', 'uint64', '512', 'hidden', 'As once in osquery'],
  ['bpf_perf_event_array_exp', 'uint64', '10', 'hidden', 'As once in osquery'],
  [
    'bpf_ring_buffer_size',
    'uint64',
    '4194304',
    'option',
    'Bytes of events of eBPF that wait in the kernel, at most; rounded up to a power of two',
  ],
  ['disable_fanotify', 'bool', 'false', 'option', 'Watch each directory with inotify, also where fanotify can be used'],
  [
    'enable_bpf_events',
    'bool',
    'true',
    'option',
    'Hear programs and sockets with eBPF; unless it is set, only for tables that a scheduled query names',
  ],
  ['events_max_bytes', 'uint64', '104857600', 'option', 'Bytes of events kept of each table; the oldest go first'],
  [
    'hash_max_bytes',
    'uint64',
    '1073741824',
    'option',
    'Bytes that the table hash reads of a file, and of all files of one user in ten minutes; 0 for no bound',
  ],
  [
    'replay',
    'string',
    '',
    'hidden',
    'A recording that is heard instead of the kernel; it is called audit-…, bpf-…, fanotify-…, syslog-… or udev-…',
  ],
  ['disable_sandbox', 'bool', 'false', 'cli', 'Leave threads that read the machine all the rights of the process'],
  ['query_timeout', 'uint64', '0', 'option', 'Seconds after which a query is stopped; 0 never'],
  [
    'query_hang_timeout',
    'uint64',
    '8',
    'option',
    'Seconds in one call of the kernel after which a scheduled query is given up, and the place left alone',
  ],
  [
    'query_memory_limit',
    'uint64',
    '0',
    'option',
    'Megabytes that a scheduled query may use; 0 is two fifths of what the watchdog allows',
  ],
  [
    'schedule_query_timeout',
    'uint64',
    '600',
    'option',
    'Seconds after which a scheduled query without a timeout of its own is stopped, and not put aside; 0 never',
  ],
  [
    'tls_answer_max',
    'uint64',
    '67108864',
    'option',
    'Bytes of an answer of a server, unpacked; a larger one is an error',
  ],
  [
    'tls_connect_timeout',
    'uint64',
    '10',
    'option',
    'Seconds that a connection to a server may take, with its proxy and with TLS',
  ],
  ['tls_retry_after_max', 'uint64', '3600', 'option', 'Seconds that a server may ask to be left alone, at most'],
  [
    'tls_timeout',
    'uint64',
    '60',
    'option',
    'Seconds that a request may take, from its first byte to the last of its answer',
  ],
];

export const allOptions: readonly OptionDeclaration[] = [
  ...optionGroups.flatMap(([, options]) => options),
  ...ownOptions,
];

/** Options whose values nothing shows: whoever may query `osquery_flags` need not be who may write to AWS. */
export const secretOptions: ReadonlySet<string> = new Set([
  'aws_proxy_password',
  'aws_secret_access_key',
  'aws_session_token',
]);

/** Older names, and what they are called now. */
export const optionAliases: Readonly<Record<string, string>> = {
  config_tls_accelerated_refresh: 'config_accelerated_refresh',
  config_tls_refresh: 'config_refresh',
  db_path: 'database_path',
  log_numerics_as_numbers: 'logger_numerics',
  logger_tls_max: 'logger_tls_max_linesize',
  osquery_log_dir: 'logger_path',
};
