import { readFileSync } from 'node:fs';

/** Sources of `nsswitch.conf(5)` that read files, or ask a daemon through a socket of the file system with `send(2)`. */
const LOCAL = new Set(['files', 'systemd', 'compat', 'db', 'altfiles', 'extrausers', 'sss', 'cache', 'mymachines']);
const DATABASES = /^(?:passwd|group|initgroups|shadow)\s*:(.*)$/;

/** Whether accounts come from elsewhere, too: directories that are asked over the network by the thread itself. */
export function usesOtherNameServices(text: string = configuration()): boolean {
  return text.split('\n').some((line) => {
    const sources = DATABASES.exec(line.replace(/#.*/, '').trim())?.[1] ?? '';
    const names = sources.replace(/\[[^\]]*\]/g, ' ').split(/\s+/);
    return names.some((name) => name !== '' && !LOCAL.has(name));
  });
}

function configuration(): string {
  try {
    return readFileSync('/etc/nsswitch.conf', 'utf8');
  } catch {
    return '';
  }
}
