/** What to say of a directory of ours where somebody else may put something. */
export function unsafe(flag: string, path: string, reason: string): string {
  return `--${flag} ${path} is not used, as ${reason}: have all of the path belong to root or to the user of the agent, and let nobody else write to it, or start with --allow_unsafe`;
}
