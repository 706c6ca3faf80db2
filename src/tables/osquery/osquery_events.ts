import { integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

export const osqueryEvents = table({
  name: 'osquery_events',
  description: 'Sources of events and the tables that are fed by them.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    name: text('Name of the publisher, or of the table that subscribes to it'),
    publisher: text('The publisher'),
    type: text('publisher or subscriber'),
    subscriptions: integer('Subscriptions that the publisher has, or the subscriber made'),
    events: integer('Events heard since the agent started'),
    refreshes: integer('Times that the configuration changed it'),
    active: integer('1 if it listens'),
  },
  examples: ['select name, type, events, active from osquery_events'],
  *generate({ agent, row }) {
    for (const { name, publisher, type, subscriptions, events, refreshes, active } of agent.events()) {
      yield row({ name, publisher, type, subscriptions, events, refreshes, active });
    }
  },
});
