import type { OptionDeclaration } from './declaration.ts';

/** The database of the agent, and extensions. */
export const storeOptions: readonly OptionDeclaration[] = [
  ['database_dump', 'bool', 'false', 'cli', 'Print what is stored and exit'],
  ['database_path', 'string', '/var/osquery/osquery.db', 'cli', 'Where the database lies'],
  ['disable_database', 'bool', 'false', 'option', 'Keep everything in memory'],
  ['rocksdb_background_flushes', 'int32', '4', 'hidden', 'A setting of RocksDB'],
  ['rocksdb_buffer_blocks', 'int32', '256', 'hidden', 'A setting of RocksDB'],
  ['rocksdb_merge_number', 'int32', '4', 'hidden', 'A setting of RocksDB'],
  ['rocksdb_write_buffer', 'int32', '16', 'hidden', 'A setting of RocksDB'],
  [
    'allow_unsafe',
    'bool',
    'false',
    'hidden',
    'Use directories, and files in them, that others may write to: of database_path, logger_path, pidfile',
  ],
  ['disable_extensions', 'bool', 'false', 'cli', 'Neither offer nor use extensions'],
  [
    'extensions_autoload',
    'string',
    '/etc/osquery/extensions.load',
    'cli',
    'File with the paths of extensions to start',
  ],
  ['extensions_default_index', 'bool', 'true', 'option', 'Hand constraints on every column to tables of extensions'],
  ['extensions_interval', 'string', '3', 'cli', 'Seconds between looks at extensions'],
  ['extensions_require', 'string', '', 'cli', 'Extensions without which the agent does not start, separated by commas'],
  ['extensions_socket', 'string', '/var/osquery/osquery.em', 'cli', 'Socket that extensions connect to'],
  ['extensions_timeout', 'string', '3', 'cli', 'Seconds to wait for extensions at a start'],
  ['ignore_registry_exceptions', 'bool', 'false', 'hidden', 'Go on when a plugin fails'],
  ['thrift_string_size_limit', 'int32', '0', 'option', 'Bytes of a string from an extension; 0 without limit'],
  ['thrift_timeout', 'uint32', '300', 'option', 'Seconds that a call of an extension may take'],
  ['thrift_verbose', 'bool', 'false', 'option', 'Log the calls of extensions'],
];
