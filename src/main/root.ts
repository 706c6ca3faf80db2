import { HostError, UserError } from '../base/errors.ts';
import type { OptionValues } from '../config/option-values.ts';
import { LinuxFiles } from '../host/linux/files.ts';

/** A root that is not there would be a machine on which nothing is, and nobody would notice. */
export function checkRoot(options: OptionValues): void {
  const root = options.string('root');
  if (root === '') return;
  try {
    if (new LinuxFiles().stat(root).kind === 'directory') return;
  } catch (cause) {
    if (!(cause instanceof HostError)) throw cause;
    throw new UserError(`--root ${root}: ${cause.code}`);
  }
  throw new UserError(`--root ${root}: not a directory`);
}
