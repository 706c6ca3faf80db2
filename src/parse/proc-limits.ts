/** Resource limits of a process, `/proc/<pid>/limits` (`proc_pid_limits(5)`). */
export interface ResourceLimit {
  /** Description as the kernel has it: `Max cpu time`. */
  readonly name: string;
  /** A number or `unlimited`. */
  readonly soft: string;
  readonly hard: string;
}

/** A heading, then columns that are at least two spaces apart. */
export function* parseLimits(content: string): Generator<ResourceLimit> {
  for (const line of content.split('\n').slice(1)) {
    const [name, soft, hard] = line.split(/ {2,}/);
    if (name === undefined || soft === undefined || hard === undefined) continue;
    yield { name: name.trim(), soft: soft.trim(), hard: hard.trim() };
  }
}
