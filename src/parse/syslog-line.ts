import { MalformedInput } from '../base/errors.ts';

/** A message of syslog. What a line does not tell is empty. */
export interface SyslogLine {
  /** As it stands there. */
  readonly datetime: string;
  readonly host: string;
  /** 0 an emergency … 7 for debugging; undefined where the line does not tell. */
  readonly severity: number | undefined;
  readonly facility: string;
  /** The program, mostly with its pid: `sshd[812]`. */
  readonly tag: string;
  readonly message: string;
}

/** Characters of a line: those of the largest message that rsyslog takes by itself (8 KiB), each a quote that is doubled, and more. */
export const MAX_LINE = 32 * 1024;

/** RFC 5424, table 2, under the names of `syslog(3)`, whose 5 is of syslogd itself; the others as rsyslog calls them. */
const FACILITIES = `kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock
  local0 local1 local2 local3 local4 local5 local6 local7`.split(/\s+/);
/** RFC 5424, table 1. */
const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

/** RFC 5424: number, version, time, host, program, pid, kind of message; then what is structured, then text. */
const RFC5424 = /^<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) (.*)$/s;
/** Elements in brackets, whose values are in quotes. */
const STRUCTURED = /^(?:-|(?:\[[^\]"]*(?:"(?:[^"\\]|\\.)*"[^\]"]*)*\])+)(?: |$)/s;
/** RFC 3164, with the time of it or of RFC 3339; a file of a log has no number in front. */
const RFC3164 =
  /^(?:<(\d{1,3})>)?([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S{0,16}) +(\S.*)$/s;
/** A host, which what a program says of itself to the machine it runs on leaves out: then a tag follows, `sshd[812]:`. */
const HOST = /^([^\s[]*[^\s[:]) +/;

/**
 * A line without its end: six values separated by commas, as the template of osquery's guide has rsyslog write them, or one
 * of RFC 5424 or RFC 3164. Throws `MalformedInput`.
 */
export function parseSyslogLine(line: string, source: string): SyslogLine {
  if (!(line.length <= MAX_LINE)) throw new MalformedInput(source, MAX_LINE, 'too long');
  return rfc5424(line, source) ?? rfc3164(line, source) ?? values(line, source);
}

function rfc5424(line: string, source: string): SyslogLine | undefined {
  const [whole, priority, ...fields] = RFC5424.exec(line) ?? [];
  if (whole === undefined) return undefined;
  const rest = fields.pop()!;
  const [datetime, host, program, pid] = fields.map((field) => (field === '-' ? '' : field)) as [
    string,
    string,
    string,
    string,
  ];
  const structured = STRUCTURED.exec(rest)?.[0];
  if (structured === undefined) throw new MalformedInput(source, line.length - rest.length, 'no structured data');
  const message = rest.slice(structured.length).replace(/^\ufeff/, '');
  const tag = pid === '' ? program : `${program}[${pid}]`;
  return { datetime, host, ...priorityOf(priority, source), tag, message: message.trim() };
}

function rfc3164(line: string, source: string): SyslogLine | undefined {
  const [, priority, datetime, rest] = RFC3164.exec(line) ?? [];
  if (rest === undefined) return undefined;
  const [before = '', host = ''] = HOST.exec(rest) ?? [];
  const [whole, tag] = /^([^\s:]*):?/.exec(rest.slice(before.length)) as unknown as [string, string];
  const message = rest.slice(before.length + whole.length).trim();
  return { datetime: datetime!, host, ...priorityOf(priority, source), tag, message };
}

/** A number that is a facility times eight, and a severity. */
function priorityOf(
  priority: string | undefined,
  source: string,
): { readonly facility: string; readonly severity: number | undefined } {
  if (priority === undefined) return { facility: '', severity: undefined };
  const facility = FACILITIES[Number(priority) >> 3];
  if (facility === undefined) throw new MalformedInput(source, 1, 'no such priority');
  return { facility, severity: Number(priority) & 7 };
}

/** Time, host, severity, facility, tag, message. */
const VALUES = 6;

function values(line: string, source: string): SyslogLine {
  // An empty message would have quotes, too.
  if (line.startsWith('"') && line.endsWith(',')) throw new MalformedInput(source, line.length, 'cut');
  const found = split(line, source).map((value) => value.trim());
  if (found.length !== VALUES) throw new MalformedInput(source, line.length, `not ${VALUES} values`);
  const [datetime, host, severity, facility, tag, message] = found as [string, string, string, string, string, string];
  const number = /^[0-7]$/.test(severity) ? Number(severity) : SEVERITIES.indexOf(severity);
  if (number < 0) throw new MalformedInput(source, 0, 'no such severity');
  // rsyslog takes the colon for a part of the tag.
  return { datetime, host, severity: number, facility, tag: tag.replace(/:$/, ''), message };
}

/** Values separated by commas; in quotes there may be commas, too, and quotes are doubled (RFC 4180). */
function split(line: string, source: string): string[] {
  const plain = /[^",]*/y;
  const found: string[] = [];
  let value = '';
  for (let at = 0; ; ) {
    plain.lastIndex = at;
    value += plain.exec(line)![0];
    at = plain.lastIndex;
    if (line[at] === '"') {
      const end = closing(line, at + 1);
      if (end < 0) throw new MalformedInput(source, at, 'a quote that is not closed');
      value += line.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
      continue;
    }
    found.push(value);
    if (at >= line.length || found.length > VALUES) return found;
    value = '';
    at += 1;
  }
}

/** Where the quotes end that began before `from`. */
function closing(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at >= 0; at = line.indexOf('"', at + 2)) if (line[at + 1] !== '"') return at;
  return -1;
}
