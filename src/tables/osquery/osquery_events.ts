import { bigint, integer, text } from '../../schema/columns.ts';
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
    received: bigint('Records, samples, messages or lines that came of the source of a publisher', { hidden: true }),
    expired: bigint('Events of a subscriber that went by their age', { hidden: true }),
    dropped: bigint('What was lost: before it became an event, or of the events that were kept', { hidden: true }),
    unseen: bigint('Events of a subscriber that made room for others before a scheduled query had seen them', {
      hidden: true,
    }),
    drops: text('What was lost by cause, as a JSON object', { hidden: true }),
  },
  examples: [
    'select name, type, events, active from osquery_events',
    'select name, dropped, drops from osquery_events where dropped > 0',
  ],
  *generate({ agent, row }) {
    for (const { drops, ...source } of agent.events()) {
      const causes = Object.entries(drops).filter(([, count]) => count > 0);
      const dropped = causes.reduce((sum, [, count]) => sum + count, 0);
      yield row({ ...source, dropped, drops: JSON.stringify(Object.fromEntries(causes)) });
    }
  },
});
