import { parseFields } from '../base/colon-fields.ts';

/** `/proc/meminfo`, `proc_meminfo(5)`: names to bytes. Values that are not a number of kibibytes are skipped. */
export function parseMeminfo(content: string): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const [name, value] of parseFields(content)) {
    const kibibytes = /^([0-9]{1,12}) kB$/.exec(value)?.[1];
    if (kibibytes !== undefined) sizes.set(name, Number(kibibytes) * 1024);
  }
  return sizes;
}
