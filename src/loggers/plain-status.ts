import { SEVERITIES, type StatusLine } from './logger.ts';

/** A status line as osquery's loggers for syslog and standard output have it. */
export function plainStatus({ severity, file, line, message }: StatusLine): string {
  // A message stays one line, whatever is in it.
  const text = message.replace(/[\0-\x08\n-\x1f\x7f]+/g, ' ');
  return `severity=${SEVERITIES.indexOf(severity)} location=${file}:${line} message=${text}`;
}
