import type { ScheduledQueryState } from '../schema/agent.ts';
import type { Answer } from './query-outcome.ts';

/** What the runs of a query cost so far, as `osquery_schedule` shows it. */
export type QueryCosts = Omit<ScheduledQueryState, 'name' | 'query' | 'interval' | 'denylisted'>;

export const NO_COSTS: QueryCosts = {
  executions: 0,
  lastExecuted: 0,
  outputSize: 0,
  wallTimeMs: 0,
  lastWallTimeMs: 0,
  userTimeMs: 0,
  lastUserTimeMs: 0,
  systemTimeMs: 0,
  lastSystemTimeMs: 0,
  averageMemory: 0,
  lastMemory: 0,
};

/** The costs with one more run, begun at `time`, Unix seconds. */
export function withRun(before: QueryCosts, answer: Answer, time: number): QueryCosts {
  const [wall, user, system] = [answer.wallMs, answer.userMs, answer.systemMs].map(Math.round) as [
    number,
    number,
    number,
  ];
  const executions = before.executions + 1;
  return {
    executions,
    lastExecuted: time,
    outputSize: before.outputSize + answer.characters,
    wallTimeMs: before.wallTimeMs + wall,
    lastWallTimeMs: wall,
    userTimeMs: before.userTimeMs + user,
    lastUserTimeMs: user,
    systemTimeMs: before.systemTimeMs + system,
    lastSystemTimeMs: system,
    averageMemory: Math.round((before.averageMemory * before.executions + answer.memory) / executions),
    lastMemory: answer.memory,
  };
}
