import { nearest } from '../base/nearest.ts';
import type { JsonObject } from './config-text.ts';
import type { Report } from './report.ts';
import { countAt, textAt } from './values.ts';

/** What a restriction in a configuration is compared with. */
export interface Machine {
  /** 0 to 100, from the name of the machine: `machineShard`. */
  readonly shard: number;
  /** Version of osquery that we are compatible with. */
  readonly version: string;
  /** Seconds between runs of a query that does not say. */
  readonly defaultInterval: number;
}

/** Which machines a query or a pack is for. */
export interface Restrictions {
  readonly platform: string;
  readonly version: string;
  /** Percent of all machines; 0 for all. */
  readonly shard: number;
}

/** What is no restriction is said, and restricts nothing. */
export function restrictionsOf(object: JsonObject, report: Report): Restrictions {
  const platform = textAt(object, 'platform', report);
  reportMisspelt(platform, report);
  const version = textAt(object, 'version', report);
  const isVersion = version === '' || version === 'null' || /^\d/.test(version);
  if (!isVersion) report('version', 'not a version');
  return { platform, version: isVersion ? version : '', shard: countAt(object, 'shard', report) ?? 0 };
}

export function runsHere({ platform, version, shard }: Restrictions, machine: Machine): boolean {
  if (shard > 0 && shard < machine.shard) return false;
  return isPlatform(platform) && isAtLeast(machine.version, version);
}

/** A text that has the name of the platform somewhere, `linux,darwin`; distributions count as Linux, as in osquery. */
export function isPlatform(platform: string): boolean {
  return platform === '' || platform === 'null' || HERE.some((name) => platform.includes(name));
}

const HERE = ['any', 'all', 'linux', 'ubuntu', 'centos', 'posix'];
/** Other systems, and distributions that osquery does not count as Linux: what is for them does not run anywhere. */
const ELSEWHERE = [
  'darwin',
  'windows',
  'freebsd',
  'macos',
  'amazon',
  'arch',
  'debian',
  'fedora',
  'gentoo',
  'rhel',
  'suse',
];

/** Characters of a platform that are looked at: all systems there are, twice. */
const MAX_PLATFORM = 500;
/** Longer than all of them. */
const MAX_WORD = 32;

/** A query for `Linux` or `linus` would never run, and nobody would know why. */
function reportMisspelt(platform: string, report: Report): void {
  if (isPlatform(platform)) return;
  for (const word of platform.slice(0, MAX_PLATFORM).split(/[\s,]+/)) {
    if (word === '' || ELSEWHERE.includes(word)) continue;
    const near = nearest(word.slice(0, MAX_WORD), [...HERE, ...ELSEWHERE]);
    if (near !== undefined) report('platform', `no platform; did you mean ${near}?`);
  }
}

/** Compared number by number. */
function isAtLeast(version: string, least: string): boolean {
  if (least === '' || least === 'null') return true;
  const [wanted, had] = [least, version].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < Math.max(wanted!.length, had!.length); i++) {
    const difference = (had![i] ?? 0) - (wanted![i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
