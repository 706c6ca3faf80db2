import { linesOf } from '../base/lines.ts';

/** Services that read the files in `/etc` themselves, `nsswitch.conf(5)`. */
const FILE_SERVICES: ReadonlySet<string> = new Set(['files', 'compat']);

/** Whether a database of `nsswitch.conf(5)` (`passwd`, `group`) has other sources than its file. No line means files only. */
export function asksOtherServices(content: string, database: string): boolean {
  for (const line of linesOf(content)) {
    const [, name, services = ''] = /^[ \t]*([a-z]+)[ \t]*:([^#]*)/.exec(line) ?? [];
    if (name !== database) continue;
    // `[NOTFOUND=return]` says what a result means.
    const words = services.replace(/\[[^\]]*\]/g, ' ').split(/[ \t]+/);
    return words.some((word) => word !== '' && !FILE_SERVICES.has(word));
  }
  return false;
}
