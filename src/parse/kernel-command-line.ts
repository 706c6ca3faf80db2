/** What the boot loader passed to the kernel, `/proc/cmdline` (`bootparam(7)`). */
export interface KernelCommandLine {
  /** Image booted (`BOOT_IMAGE=`), as the boot loader names it. */
  readonly image: string;
  /** Root device (`root=`). */
  readonly root: string;
  /** Everything else, in order. */
  readonly arguments: readonly string[];
}

export function parseKernelCommandLine(content: string): KernelCommandLine {
  let image = '';
  let root = '';
  const rest: string[] = [];
  for (const word of content.trim().split(/\s+/)) {
    if (word.startsWith('BOOT_IMAGE=')) image = word.slice('BOOT_IMAGE='.length);
    else if (word.startsWith('root=')) root = word.slice('root='.length);
    else if (word !== '') rest.push(word);
  }
  return { image, root, arguments: rest };
}
