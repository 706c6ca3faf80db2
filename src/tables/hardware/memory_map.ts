import { parseIomem } from '../../parse/iomem.ts';
import { text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** Source: `/proc/iomem`, `proc_iomem(5)`. */
export const memoryMap = table({
  name: 'memory_map',
  description: 'What the ranges of physical memory are used for.',
  platforms: ['linux'],
  columns: {
    name: text('Use of the range: System RAM, ACPI Tables, a device, …'),
    start: text('First address of the range in hex; zero for readers who may not know'),
    end: text('Last address of the range in hex; zero for readers who may not know'),
  },
  examples: ["select start, end from memory_map where name = 'System RAM'"],
  *generate({ host, attempt, row }) {
    const content = attempt(() => host.files.readText('/proc/iomem')) ?? '';
    for (const { name, start, end } of parseIomem(content)) yield row({ name, start: `0x${start}`, end: `0x${end}` });
  },
});
