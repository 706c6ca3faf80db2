import { bigint, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

export const osqueryExtensions = table({
  name: 'osquery_extensions',
  description: 'Extensions that are connected to the agent.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    uuid: bigint('Number that the agent gave the extension'),
    name: text('Name that the extension gave itself'),
    version: text('Version of the extension', { collate: 'version' }),
    sdk_version: text('Version of the SDK it was built with', { collate: 'version' }),
    path: text('Socket through which the agent calls it'),
    type: text('core for the agent itself, else extension'),
  },
  examples: ['select name, version from osquery_extensions'],
  *generate({ agent, row }) {
    for (const { uuid, name, version, sdkVersion, path, type } of agent.extensions()) {
      yield row({ uuid, name, version, sdk_version: sdkVersion, path, type });
    }
  },
});
