import { SEVERITIES, type Severity, type StatusLine } from './logger.ts';

/** The format of glog, which osquery's status logs have: `E1123 11:59:02.666699 21812 scheduler.ts:128] message`. */
export function glogLine({ severity, time, file, line, message }: StatusLine, thread: number): string {
  const at = new Date(time);
  const day = two(at.getMonth() + 1) + two(at.getDate());
  const fraction = Math.floor((time % 1000) * 1000)
    .toString()
    .padStart(6, '0');
  // A message stays one line, whatever is in it: what follows a line break could pass for another message.
  const text = message.replace(UNSEEN, ' ');
  return `${severity[0]}${day} ${clock(at)}.${fraction} ${thread} ${file}:${line}] ${text}\n`;
}

/** What ends a line, moves a cursor, or turns what stands around it: controls, U+0085, U+2028, marks of direction as U+202E. */
const UNSEEN = /[\0-\x08\n-\x1f\x7f-\x9f\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** What a file begins with. `startedMs` is when the program started. */
export function glogHeader(time: number, startedMs: number, host: string): string {
  const at = new Date(time);
  const seconds = Math.max(0, Math.floor((time - startedMs) / 1000));
  const duration = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return [
    `Log file created at: ${at.getFullYear()}/${two(at.getMonth() + 1)}/${two(at.getDate())} ${clock(at)}`,
    `Running on machine: ${host}`,
    `Running duration (h:mm:ss): ${duration}`,
    'Log line format: [IWEF]yyyymmdd hh:mm:ss.uuuuuu threadid file:line] msg',
    '',
  ].join('\n');
}

/** `osqueryd.INFO.20261123-115902.21812`, by severity, moment and process. */
export function glogFileName(program: string, severity: Severity, time: number, pid: number): string {
  const at = new Date(time);
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  return `${program}.${severity}.${day}-${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}.${pid}`;
}

/** A file has what is said at its severity and at higher ones. */
export function severitiesUpTo(severity: Severity): readonly Severity[] {
  return SEVERITIES.slice(0, SEVERITIES.indexOf(severity) + 1);
}

function clock(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
