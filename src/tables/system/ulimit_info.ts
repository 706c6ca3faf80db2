import { parseLimits } from '../../parse/proc-limits.ts';
import { text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** Names that `getrlimit(2)` has for what `proc_pid_limits(5)` describes. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['Max address space', 'as'],
  ['Max core file size', 'core'],
  ['Max cpu time', 'cpu'],
  ['Max data size', 'data'],
  ['Max file size', 'fsize'],
  ['Max file locks', 'locks'],
  ['Max locked memory', 'memlock'],
  ['Max msgqueue size', 'msgqueue'],
  ['Max nice priority', 'nice'],
  ['Max open files', 'nofile'],
  ['Max processes', 'nproc'],
  ['Max resident set', 'rss'],
  ['Max realtime priority', 'rtprio'],
  ['Max pending signals', 'sigpending'],
  ['Max stack size', 'stack'],
]);

/** Source: `/proc/self/limits`. */
export const ulimitInfo = table({
  name: 'ulimit_info',
  description: 'Resource limits of this very program, as getrlimit(2) has them.',
  platforms: ['linux', 'darwin'],
  columns: {
    type: text(
      'Resource: cpu (seconds), fsize, data, stack, core, as, rss, memlock, msgqueue (bytes), nofile, nproc, …',
    ),
    soft_limit: text('Limit in force, or unlimited'),
    hard_limit: text('Limit the soft one can be raised to, or unlimited'),
  },
  examples: ["select soft_limit from ulimit_info where type = 'nofile'"],
  *generate({ host, attempt, row }) {
    const content = attempt(() => host.files.readText('/proc/self/limits')) ?? '';
    for (const { name, soft, hard } of parseLimits(content)) {
      const type = NAMES.get(name);
      if (type !== undefined) yield row({ type, soft_limit: soft, hard_limit: hard });
    }
  },
});
