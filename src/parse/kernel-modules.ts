export interface KernelModule {
  readonly name: string;
  /** Bytes of memory. */
  readonly size: number;
  /** Modules that need this one. */
  readonly usedBy: readonly string[];
  /** `Live`, `Loading` or `Unloading`. */
  readonly state: string;
  /** Load address in hex; zero for readers that may not know. */
  readonly address: string;
}

/** `/proc/modules`, `proc_modules(5)`: name, size, uses, users (`a,b,` or `-`), state, address, taints. */
export function* parseKernelModules(content: string): Generator<KernelModule> {
  for (const line of content.split('\n')) {
    const [name, size, , users, state, address] = line.split(' ');
    if (!name || users === undefined || state === undefined || address === undefined) continue;
    const bytes = Number(size);
    if (!Number.isSafeInteger(bytes)) continue;
    yield { name, size: bytes, usedBy: users === '-' ? [] : users.split(',').filter(Boolean), state, address };
  }
}
