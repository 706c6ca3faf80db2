import { bigint, integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

const MILLISECONDS = 1000;

export const osquerySchedule = table({
  name: 'osquery_schedule',
  description: 'Scheduled queries, how often they ran and what they cost.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    name: text('Name, behind that of its pack'),
    query: text('The SQL'),
    interval: integer('Seconds between runs, before they are spread'),
    executions: bigint('Runs since the agent started'),
    last_executed: bigint('Start of the last run, Unix seconds; 0 before the first'),
    denylisted: integer('1 if the query broke a limit and is not run', { aliases: ['blacklisted'] }),
    output_size: bigint('Bytes of all results so far'),
    wall_time: bigint('Seconds that all runs took'),
    wall_time_ms: bigint('Milliseconds that all runs took'),
    last_wall_time_ms: bigint('Milliseconds that the last run took'),
    user_time: bigint('Milliseconds of CPU in programs, all runs'),
    last_user_time: bigint('Milliseconds of CPU in programs, last run'),
    system_time: bigint('Milliseconds of CPU in the kernel, all runs'),
    last_system_time: bigint('Milliseconds of CPU in the kernel, last run'),
    average_memory: bigint('Bytes of memory that a run took on average'),
    last_memory: bigint('Bytes of memory that the last run took'),
  },
  examples: ['select name, executions, wall_time_ms from osquery_schedule order by wall_time_ms desc'],
  *generate({ agent, row }) {
    for (const query of agent.schedule()) {
      yield row({
        name: query.name,
        query: query.query,
        interval: query.interval,
        executions: query.executions,
        last_executed: query.lastExecuted,
        denylisted: query.denylisted,
        output_size: query.outputSize,
        wall_time: Math.floor(query.wallTimeMs / MILLISECONDS),
        wall_time_ms: query.wallTimeMs,
        last_wall_time_ms: query.lastWallTimeMs,
        user_time: query.userTimeMs,
        last_user_time: query.lastUserTimeMs,
        system_time: query.systemTimeMs,
        last_system_time: query.lastSystemTimeMs,
        average_memory: query.averageMemory,
        last_memory: query.lastMemory,
      });
    }
  },
});
