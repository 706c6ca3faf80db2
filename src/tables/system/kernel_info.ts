import { parseKernelCommandLine } from '../../parse/kernel-command-line.ts';
import { text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** Sources: `/proc/version`, `/proc/cmdline`. */
export const kernelInfo = table({
  name: 'kernel_info',
  description: 'The running kernel and how it was booted.',
  platforms: ['linux', 'darwin', 'windows'],
  cacheable: true,
  columns: {
    version: text('Release of the kernel', { collate: 'version' }),
    arguments: text('Boot arguments but for image and root device'),
    path: text('Image booted, as the boot loader names it'),
    device: text('Root device, as the boot arguments name it'),
  },
  examples: ['select version, arguments from kernel_info'],
  *generate({ host, attempt, row }) {
    const signature = attempt(() => host.files.readText('/proc/version'));
    const bootArguments = attempt(() => host.files.readText('/proc/cmdline'));
    if (signature === undefined && bootArguments === undefined) return;
    const commandLine = parseKernelCommandLine(bootArguments ?? '');
    yield row({
      version: /^\S+ version (\S+)/.exec(signature ?? '')?.[1],
      arguments: commandLine.arguments.join(' '),
      path: commandLine.image,
      device: commandLine.root,
    });
  },
});
