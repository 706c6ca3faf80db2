import { text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

const PERIODS = ['1m', '5m', '15m'];

/** Source: `/proc/loadavg`, `proc_loadavg(5)`. */
export const loadAverage = table({
  name: 'load_average',
  description: 'How many threads ran, waited for a processor or for a disk, on average.',
  platforms: ['linux', 'darwin'],
  columns: {
    period: text('Time averaged over: 1m, 5m or 15m'),
    average: text('Number of threads, six decimals'),
  },
  examples: ["select average from load_average where period = '5m'"],
  *generate({ host, attempt, row }) {
    const words = (attempt(() => host.files.readText('/proc/loadavg')) ?? '').split(' ');
    for (const [i, period] of PERIODS.entries()) {
      const average = Number.parseFloat(words[i] ?? '');
      if (average >= 0 && Number.isFinite(average)) yield row({ period, average: average.toFixed(6) });
    }
  },
});
