import { integer, text } from '../../schema/columns.ts';
import { processIds } from '../../schema/process-ids.ts';
import { ProcessTexts } from '../../schema/process-texts.ts';
import { table } from '../../schema/table.ts';
import { UserShares } from '../../schema/user-shares.ts';

/**
 * Variables that the processes of one user have in all, beyond those that each may have: a desktop has 100 processes of 60.
 * The shortest take two bytes, so a bound of bytes alone allows two million.
 */
const MAX_VARIABLES = 50_000;
const FREE = 128;

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
  *generate({ host, values, attempt, warn, row }) {
    const environments = new ProcessTexts(host.files, 'environ');
    const variables = new UserShares(host.files, { share: MAX_VARIABLES, free: FREE, what: 'variables' });
    for (const pid of processIds(host, values('pid'), attempt)) {
      // Those of other users are theirs: root reads them all.
      for (const variable of environments.read(pid).split('\0')) {
        if (variable === '' || variables.take(pid, 1) === 0) continue;
        const equals = variable.indexOf('=');
        const named = equals < 0 ? variable.length : equals;
        yield row({ pid, key: variable.slice(0, named), value: variable.slice(named + 1) });
      }
    }
    environments.report(warn);
    variables.report(warn);
  },
});
