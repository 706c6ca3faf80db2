import { integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

export const osqueryInfo = table({
  name: 'osquery_info',
  description: 'The agent that answers: its process, version, configuration and the host’s identity.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    pid: integer('Process id of the agent'),
    uuid: text('UUID of the hardware', { collate: 'nocase' }),
    instance_id: text('Id made with the agent’s database'),
    version: text('Version of osquery that the agent answers as', { collate: 'version' }),
    config_hash: text('SHA-1 of the configuration', { collate: 'nocase' }),
    config_valid: integer('1 if a configuration was read and accepted'),
    extensions: text('Whether extensions are served: active or inactive'),
    build_platform: text('Platform the agent was built for'),
    build_distro: text('Runtime the agent was built for'),
    start_time: integer('When the process started, Unix seconds'),
    watcher: integer('Process id of the watcher; -1 without one'),
    platform_mask: integer('Bits of the platforms whose tables are there'),
  },
  examples: ['select * from osquery_info'],
  *generate({ agent: { info }, row }) {
    yield row({
      pid: info.pid,
      uuid: info.uuid,
      instance_id: info.instanceId,
      version: info.version,
      config_hash: info.configHash,
      config_valid: info.configValid,
      extensions: info.extensions,
      build_platform: info.buildPlatform,
      build_distro: info.buildDistro,
      start_time: info.startTime,
      watcher: info.watcher,
      platform_mask: info.platformMask,
    });
  },
});
