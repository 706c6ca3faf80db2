import { parseCpuTimes } from '../../parse/proc-stat.ts';
import { bigint, integer } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** Source: `/proc/stat`, `proc_stat(5)`. */
export const cpuTime = table({
  name: 'cpu_time',
  description: 'What each logical processor did since boot, in ticks of a hundredth of a second.',
  platforms: ['linux', 'darwin'],
  columns: {
    core: integer('Number of the logical processor, from 0'),
    user: bigint('Ran programs'),
    nice: bigint('Ran programs of low priority'),
    system: bigint('Ran the kernel'),
    idle: bigint('Had nothing to do'),
    iowait: bigint('Had nothing to do while a disk was waited for'),
    irq: bigint('Served interrupts'),
    softirq: bigint('Served soft interrupts'),
    steal: bigint('Was lent to other virtual machines by the hypervisor'),
    guest: bigint('Ran virtual machines; part of user'),
    guest_nice: bigint('Ran virtual machines of low priority; part of nice'),
  },
  examples: ['select core, idle * 100.0 / (user + nice + system + idle + iowait) as idle from cpu_time'],
  *generate({ host, attempt, row }) {
    const content = attempt(() => host.files.readText('/proc/stat')) ?? '';
    for (const { guestNice, ...times } of parseCpuTimes(content)) yield row({ ...times, guest_nice: guestNice });
  },
});
