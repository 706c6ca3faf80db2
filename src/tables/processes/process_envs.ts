import { ifReadable } from '../../base/errors.ts';
import { integer, text } from '../../schema/columns.ts';
import { processIds } from '../../schema/process-ids.ts';
import { table } from '../../schema/table.ts';

/** Source: `/proc/<pid>/environ`, `proc_pid_environ(5)`: the environment the process started with. */
export const processEnvs = table({
  name: 'process_envs',
  description: 'Environment variables that processes were started with.',
  platforms: ['linux', 'darwin'],
  columns: {
    pid: integer('Process id', { index: true, optimized: true }),
    key: text('Name of the variable'),
    value: text('Its value'),
  },
  examples: ["select value from process_envs where pid = 1 and key = 'PATH'"],
  *generate({ host, values, attempt, row }) {
    for (const pid of processIds(host, values('pid'), attempt)) {
      // Those of other users are theirs: root reads them all.
      const content = ifReadable(() => host.files.readText(`/proc/${pid}/environ`)) ?? '';
      for (const variable of content.split('\0')) {
        if (variable === '') continue;
        const equals = variable.indexOf('=');
        const named = equals < 0 ? variable.length : equals;
        yield row({ pid, key: variable.slice(0, named), value: variable.slice(named + 1) });
      }
    }
  },
});
