/**
 * `processes` with 2,000 of them beside a C program that reads the same files, and ps(1):
 * `npm run build && node bench/processes.ts [runs] [processes]`. What osqueryi takes to start is shown, to be taken off.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { compiled, installed, race } from './support.ts';

const RUNS = Number(process.argv[2] ?? 7);
const COUNT = Number(process.argv[3] ?? 2000);
const osqueryi = installed();
const native = compiled('processes');

// One shell with so many children; killing its group ends them all.
const crowd = spawn('sh', ['-c', `for i in $(seq ${COUNT}); do sleep 3600 & done; echo up; wait`], { detached: true });
process.once('exit', () => process.kill(-crowd.pid!, 'SIGKILL'));
await once(crowd.stdout, 'data');

race(`${COUNT} processes and those that were there`, RUNS, {
  'C, the same files': [native],
  'ps -eo everything': [
    'ps',
    '-eo',
    'pid,comm,exe,args,state,uid,gid,euid,egid,suid,sgid,rss,vsz,time,lstart,ppid,pgid,nlwp,ni,cgroup',
  ],
  'osqueryi, select 1': [osqueryi, '--json', 'select 1'],
  'osqueryi, select *': [osqueryi, '--json', 'select * from processes'],
  'osqueryi, select pid, name': [osqueryi, '--json', 'select pid, name from processes'],
});
process.exit();
