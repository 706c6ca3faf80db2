import type { Recorder } from '../loggers/numeric-monitoring.ts';
import type { Answer } from './query-outcome.ts';

/** Records what a run cost, under osquery's paths. */
export function recordRun(record: Recorder, pack: string, query: string, answer: Answer): void {
  record(`scheduler.query.${pack}.${query}.status.success`, 1, 'sum');
  const metrics = {
    'time.user.millis': answer.userMs,
    'time.system.millis': answer.systemMs,
    'time.total.millis': answer.userMs + answer.systemMs,
    'time.wall.millis': answer.wallMs,
    'rss.increase.kb': answer.memory / 1024,
  };
  for (const entity of [`scheduler.pack.${pack}`, `scheduler.global.query.${pack}.${query}`]) {
    for (const [metric, value] of Object.entries(metrics)) {
      for (const aggregation of ['min', 'sum'] as const) record(`${entity}.${metric}`, Math.round(value), aggregation);
    }
  }
}
