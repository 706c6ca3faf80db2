import { readFileSync } from 'node:fs';
import { decodeText } from '../../base/text.ts';

const REPLACEMENT = '\ufffd';

/**
 * The last arguments of this program as the bytes they were (see `base/text`): Node replaces what is not UTF-8, and a
 * query for a file of such a name would not find it.
 */
export function exactArguments(args: readonly string[]): readonly string[] {
  if (!args.some((argument) => argument.includes(REPLACEMENT))) return args;
  // Each ends in a NUL, `proc_pid_cmdline(5)`.
  const exact = decodeText(readFileSync('/proc/self/cmdline')).split('\0').slice(0, -1);
  return exact.slice(exact.length - args.length);
}
