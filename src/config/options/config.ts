import type { OptionDeclaration } from './declaration.ts';

/** Where the configuration comes from, and the schedule it holds. */
export const configOptions: readonly OptionDeclaration[] = [
  [
    'config_accelerated_refresh',
    'uint64',
    '300',
    'cli',
    'Seconds to the next try after the configuration could not be had',
  ],
  ['config_check', 'bool', 'false', 'cli', 'Check the configuration, say what is wrong and exit'],
  ['config_dump', 'bool', 'false', 'cli', 'Print the configuration as it was read and exit'],
  ['config_enable_backup', 'bool', 'false', 'cli', 'Keep the last configuration that worked and start from it'],
  ['config_path', 'string', '/etc/osquery/osquery.conf', 'cli', 'File of the filesystem configuration'],
  ['config_plugin', 'string', 'filesystem', 'cli', 'Where the configuration comes from: filesystem or tls'],
  ['config_refresh', 'uint64', '0', 'cli', 'Seconds between looks at the configuration; 0 never looks again'],
  ['disable_decorators', 'bool', 'false', 'option', 'Do not run decorator queries'],
  [
    'host_identifier',
    'string',
    'hostname',
    'option',
    'What identifies the host: hostname, uuid, instance, ephemeral or specified',
  ],
  ['pack_delimiter', 'string', '_', 'option', 'Text between pack, pack name and query name'],
  ['pack_refresh_interval', 'uint64', '3600', 'option', 'Seconds that the answer of a discovery query holds'],
  ['schedule_default_interval', 'uint64', '3600', 'option', 'Seconds between runs of a query that names no interval'],
  ['schedule_epoch', 'uint64', '0', 'option', 'Number of the epoch; a new one reports all rows again'],
  ['schedule_lognames', 'bool', 'false', 'option', 'Log the name of each scheduled query that runs'],
  [
    'schedule_max_drift',
    'uint64',
    '60',
    'option',
    'Seconds that the schedule may fall behind before it gives up catching up',
  ],
  ['schedule_reload', 'uint64', '3600', 'option', 'Seconds between reloads of the schedule’s SQL connection'],
  ['schedule_reload_sql', 'bool', 'false', 'hidden', 'Reload the SQL connection with the schedule'],
  [
    'schedule_splay_percent',
    'uint64',
    '10',
    'option',
    'Percent by which intervals are spread, so that hosts do not act as one',
  ],
  ['schedule_timeout', 'uint64', '0', 'option', 'Seconds after which the scheduler ends; 0 never'],
  ['specified_identifier', 'string', '', 'option', 'The identifier, where host_identifier is specified'],
];
