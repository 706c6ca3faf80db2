import { parseKernelModules } from '../../parse/kernel-modules.ts';
import { bigint, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** Source: `/proc/modules`, `proc_modules(5)`. */
export const kernelModules = table({
  name: 'kernel_modules',
  description: 'Modules loaded into the kernel.',
  platforms: ['linux'],
  columns: {
    name: text('Name of the module'),
    size: bigint('Memory the module takes in bytes'),
    used_by: text('Modules that need this one, separated by commas; - if none'),
    status: text('Live, Loading or Unloading'),
    address: text('Address of the module in memory; zero for readers who may not know'),
  },
  examples: ["select * from kernel_modules where status = 'Live'"],
  *generate({ host, attempt, row }) {
    const content = attempt(() => host.files.readText('/proc/modules')) ?? '';
    for (const { name, size, usedBy, state, address } of parseKernelModules(content)) {
      yield row({ name, size, used_by: usedBy.join(',') || '-', status: state, address });
    }
  },
});
