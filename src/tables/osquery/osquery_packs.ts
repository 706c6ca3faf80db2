import { integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

export const osqueryPacks = table({
  name: 'osquery_packs',
  description: 'Packs of the configuration and whether their queries run here.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    name: text('Name of the pack'),
    platform: text('Platforms the pack is for; empty for all'),
    version: text('Oldest version the pack is for', { collate: 'version' }),
    shard: integer('Percent of hosts the pack is for'),
    discovery_cache_hits: integer('Times that a discovery query was answered from memory'),
    discovery_executions: integer('Times that discovery queries ran'),
    active: integer('1 if version, platform, shard and discovery let the pack run'),
  },
  examples: ['select name, active from osquery_packs'],
  *generate({ agent, row }) {
    for (const pack of agent.packs()) {
      yield row({
        name: pack.name,
        platform: pack.platform,
        version: pack.version,
        shard: pack.shard,
        discovery_cache_hits: pack.discoveryCacheHits,
        discovery_executions: pack.discoveryExecutions,
        active: pack.active,
      });
    }
  },
});
