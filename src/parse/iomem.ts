export interface MemoryRegion {
  /** Hex digits without a prefix. */
  readonly start: string;
  readonly end: string;
  readonly name: string;
}

/** `/proc/iomem`, `proc_iomem(5)`: `start-end : name`, indented by nesting. */
export function* parseIomem(content: string): Generator<MemoryRegion> {
  for (const line of content.split('\n')) {
    const [, start, end, name] = /^ *([0-9a-f]{1,16})-([0-9a-f]{1,16}) : (.+)$/.exec(line) ?? [];
    if (start !== undefined && end !== undefined && name !== undefined) yield { start, end, name: name.trim() };
  }
}
