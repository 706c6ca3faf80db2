import { ifReadable } from '../base/errors.ts';
import type { Files } from './host.ts';

/** Names of the regular files of a directory, links to such ones too, in order of their bytes. Throws `HostError`. */
export function regularFiles(files: Files, directory: string): string[] {
  const names: string[] = [];
  for (const { name, kind } of files.scan(directory)) {
    // A link that dangles or loops is no file.
    const unsure = kind === 'symlink' || kind === 'unknown';
    const found = unsure ? ifReadable(() => files.stat(`${directory}/${name}`))?.kind : kind;
    if (found === 'regular') names.push(name);
  }
  return names.sort();
}
