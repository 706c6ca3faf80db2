import { parseMeminfo } from '../../parse/meminfo.ts';
import { bigint } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** Source: `/proc/meminfo`, `proc_meminfo(5)`. */
export const memoryInfo = table({
  name: 'memory_info',
  description: 'Main memory and swap space, in bytes.',
  platforms: ['linux'],
  columns: {
    memory_total: bigint('Memory the kernel can use'),
    memory_free: bigint('Memory in use for nothing'),
    memory_available: bigint('Memory that programs can still have without swapping'),
    buffers: bigint('Memory that buffers block devices'),
    cached: bigint('Memory that caches files'),
    swap_cached: bigint('Memory whose copy in swap is still good'),
    active: bigint('Memory used lately, not given up willingly'),
    inactive: bigint('Memory not used lately, given up first'),
    swap_total: bigint('Swap space'),
    swap_free: bigint('Swap space not in use'),
  },
  examples: ['select memory_available * 100 / memory_total as percent from memory_info'],
  *generate({ host, attempt, row }) {
    const sizes = parseMeminfo(attempt(() => host.files.readText('/proc/meminfo')) ?? '');
    if (sizes.size === 0) return;
    yield row({
      memory_total: sizes.get('MemTotal'),
      memory_free: sizes.get('MemFree'),
      memory_available: sizes.get('MemAvailable'),
      buffers: sizes.get('Buffers'),
      cached: sizes.get('Cached'),
      swap_cached: sizes.get('SwapCached'),
      active: sizes.get('Active'),
      inactive: sizes.get('Inactive'),
      swap_total: sizes.get('SwapTotal'),
      swap_free: sizes.get('SwapFree'),
    });
  },
});
