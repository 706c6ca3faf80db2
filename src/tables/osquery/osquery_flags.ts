import { integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

export const osqueryFlags = table({
  name: 'osquery_flags',
  description: 'Every flag of the agent, with its default and the value it has now.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    name: text('Name, without dashes'),
    type: text('bool, int32, uint32, uint64 or string'),
    description: text('What the flag does'),
    default_value: text('Value where nobody sets one'),
    value: text('Value in force'),
    shell_only: integer('1 for a flag of the shell alone'),
  },
  examples: ['select name, value from osquery_flags where value <> default_value'],
  *generate({ agent, row }) {
    for (const { name, type, description, defaultValue, value, shellOnly } of agent.flags()) {
      yield row({ name, type, description, default_value: defaultValue, value, shell_only: shellOnly });
    }
  },
});
