import { uptime as seconds } from 'node:os';

/** Whole seconds since the boot. */
export function uptime(): number {
  return Math.floor(seconds());
}
