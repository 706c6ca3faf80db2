/** `CONFIG_NR_CPUS` of the largest kernels. */
const MOST = 8192;

/** Numbers of processors, as in `/sys/devices/system/cpu/online`: `0-3,8`. What is no number or range is left out. */
export function parseProcessorList(text: string): number[] {
  const found: number[] = [];
  for (const range of text.trim().split(',')) {
    const [, first, last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(range) ?? [];
    for (let i = Number(first); i <= Number(last) && found.length < MOST; i++) found.push(i);
  }
  return found;
}
