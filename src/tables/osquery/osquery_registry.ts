import { integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

export const osqueryRegistry = table({
  name: 'osquery_registry',
  description: 'What the agent is made of: its tables, configuration sources, loggers and other plugins.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    registry: text('Kind of plugin: table, config, logger, …'),
    name: text('Name of the plugin'),
    owner_uuid: integer('Extension that brought it; 0 for the agent itself'),
    internal: integer('1 if extensions cannot call it'),
    active: integer('1 if it is in use'),
  },
  examples: ["select name from osquery_registry where registry = 'table'"],
  *generate({ agent, row }) {
    for (const { registry, name, ownerUuid, internal, active } of agent.registry()) {
      yield row({ registry, name, owner_uuid: ownerUuid, internal, active });
    }
  },
});
