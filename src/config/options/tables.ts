import type { OptionDeclaration } from './declaration.ts';

/** What tables may read, how much, and where. */
export const tableOptions: readonly OptionDeclaration[] = [
  ['augeas_lenses', 'string', '/private/var/osquery/lenses', 'option', 'Directory of Augeas lenses'],
  ['disable_caching', 'bool', 'false', 'option', 'Do not reuse the rows of a table between scheduled queries'],
  ['disable_hash_cache', 'bool', 'false', 'option', 'Compute digests anew each time'],
  ['disable_tables', 'string', '', 'cli', 'Tables that are not there, separated by commas'],
  ['dns_resolver_refresh_interval', 'int32', '60', 'option', 'Seconds that the settings of the resolver are kept'],
  ['docker_socket', 'string', '/var/run/docker.sock', 'option', 'Socket of Docker'],
  ['enable_foreign', 'bool', 'false', 'option', 'Show the tables of other platforms, without rows'],
  ['enable_tables', 'string', '', 'cli', 'The only tables that are there, separated by commas'],
  ['enable_yara_string', 'bool', 'false', 'hidden', 'Show the strings that a YARA rule matched'],
  ['hash_cache_max', 'uint32', '500', 'option', 'Files whose digests are kept'],
  ['hash_delay', 'uint32', '20', 'hidden', 'Milliseconds between two files that are hashed'],
  ['ignore_table_exceptions', 'bool', 'false', 'option', 'Take a table that failed as one without rows'],
  ['lxd_socket', 'string', '/var/lib/lxd/unix.socket', 'option', 'Socket of LXD'],
  [
    'read_max',
    'uint64',
    '52428800',
    'option',
    'Bytes of a file that is hashed for file_events or scanned for yara_events, at most',
  ],
  ['regex_max_size', 'uint32', '256', 'hidden', 'Characters of a regular expression in SQL, at most'],
  ['table_delay', 'uint64', '0', 'option', 'Milliseconds of rest between two uses of tables in a query'],
  ['yara_malloc_trim', 'bool', 'true', 'hidden', 'End the thread of YARA when it has scanned nothing for a minute'],
  ['yara_sigurl_authenticate', 'bool', 'false', 'option', 'Send the node key when a rule is fetched'],
];
