import { type HungPlace, hungPlace } from '../../daemon/hung-place.ts';
import { cachedLink } from '../../host/linux/cached.ts';
import { LinuxHost } from '../../host/linux/linux-host.ts';
import { parseMounts } from '../../parse/mounts.ts';
import { userOf } from '../../schema/process-user.ts';

/** `hungPlace` on the machine that we run on. Waits for nobody. */
export function hungPlaceHere(path: string): HungPlace {
  const { files } = new LinuxHost();
  return hungPlace(path, parseMounts(files.readText('/proc/self/mounts')), cachedLink, (pid) => userOf(files, pid));
}
