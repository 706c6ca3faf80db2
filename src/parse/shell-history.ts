import { linesOf } from '../base/lines.ts';
import { decodeText, encodeText } from '../base/text.ts';

export interface HistoryEntry {
  /** Unix seconds; 0 where the shell wrote none. */
  readonly time: number;
  /** As typed: an entry of several lines has line feeds. */
  readonly command: string;
}

/** `MAX_ARG_STRLEN` of the kernel. What is longer comes in several entries. */
const MAX_COMMAND = 128 * 1024;

/**
 * The history file of a shell. bash with HISTTIMEFORMAT writes `#<seconds>` on a line before each command, and what follows
 * up to the next such line is one command; tcsh writes `#+<seconds>`; zsh with EXTENDED_HISTORY `: <begin>:<duration>;<command>`.
 * Others write commands only. Of a `zsh` a backslash before the end of a line continues the command.
 */
export function parseShellHistory(content: string, zsh = false): Iterable<HistoryEntry> {
  return zsh || EXTENDED.test(content.slice(0, 100)) ? zshEntries(content) : entries(content);
}

const EXTENDED = /^: {0,10}(\d{1,11}):\d{1,11};/;

function* entries(content: string): Generator<HistoryEntry> {
  let time = 0;
  // Of a time that was read: lines belong together, unless tcsh wrote it.
  let joins = false;
  let command: string | undefined;
  for (const line of linesOf(content)) {
    const [, plus, seconds] = /^#(\+?)(\d{1,18})$/.exec(line) ?? [];
    if (seconds !== undefined) {
      // A time without a command: the last of several counts.
      if (command !== undefined) yield { time, command };
      command = undefined;
      [time, joins] = [Number(seconds), plus === ''];
    } else if (command !== undefined && command.length + line.length < MAX_COMMAND) {
      command += `\n${line}`;
    } else {
      if (command !== undefined) yield { time, command };
      command = joins ? line : undefined;
      if (joins) continue;
      yield { time, command: line };
      time = 0;
    }
  }
  if (command !== undefined) yield { time, command };
}

function* zshEntries(content: string): Generator<HistoryEntry> {
  let whole = '';
  for (const line of linesOf(content)) {
    if (line.endsWith('\\') && whole.length + line.length < MAX_COMMAND) {
      whole += `${line.slice(0, -1)}\n`;
      continue;
    }
    yield zshEntry(whole + line);
    whole = '';
  }
  // The file ends with a continued line.
  if (whole !== '') yield zshEntry(whole.slice(0, -1));
}

function zshEntry(line: string): HistoryEntry {
  const [start = '', seconds = '0'] = EXTENDED.exec(line) ?? [];
  const command = line.slice(start.length);
  // zsh writes a blank behind a command that ends in a backslash, so that it does not look continued.
  return { time: Number(seconds), command: plain(/\\ +$/.test(command.slice(-100)) ? command.slice(0, -1) : command) };
}

const META = 0x83;

/** zsh writes some bytes, also parts of characters, as 0x83 and the byte with one bit changed: `Meta` of its `zsh.h`. */
function plain(text: string): string {
  if (!/[^\0-\x7f]/.test(text)) return text;
  const bytes = encodeText(text);
  let to = 0;
  for (let from = 0; from < bytes.length; from++) {
    const escaped = bytes[from] === META && from + 1 < bytes.length;
    bytes[to++] = escaped ? bytes[++from]! ^ 0x20 : bytes[from]!;
  }
  return to === bytes.length ? text : decodeText(bytes, 0, to);
}
