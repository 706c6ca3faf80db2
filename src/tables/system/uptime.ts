import { bigint, integer } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** Source: `/proc/uptime`, `proc(5)`: seconds since boot, suspend included. */
export const uptime = table({
  name: 'uptime',
  description: 'How long the machine has been running since its last boot.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    days: integer('Whole days of uptime'),
    hours: integer('Hours beyond the whole days, 0 to 23'),
    minutes: integer('Minutes beyond the whole hours, 0 to 59'),
    seconds: integer('Seconds beyond the whole minutes, 0 to 59'),
    total_seconds: bigint('The whole uptime in seconds'),
  },
  examples: ['select * from uptime'],
  *generate({ host, attempt, row }) {
    const content = attempt(() => host.files.readText('/proc/uptime'));
    const total = Math.floor(Number.parseFloat(content ?? ''));
    if (!(total >= 0)) return;
    yield row({
      days: Math.floor(total / 86400),
      hours: Math.floor(total / 3600) % 24,
      minutes: Math.floor(total / 60) % 60,
      seconds: total % 60,
      total_seconds: total,
    });
  },
});
