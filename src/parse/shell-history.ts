import { linesOf } from '../base/lines.ts';

export interface HistoryEntry {
  /** Unix seconds; 0 where the shell wrote none. */
  readonly time: number;
  readonly command: string;
}

/**
 * The history file of a shell. bash with HISTTIMEFORMAT writes `#<seconds>` on a line before the command; zsh with
 * EXTENDED_HISTORY writes `: <begin>:<duration>;<command>`; others write commands only.
 */
export function* parseShellHistory(content: string): Generator<HistoryEntry> {
  let time: number | undefined;
  for (const line of linesOf(content)) {
    if (time === undefined && /^#\d{1,18}$/.test(line)) {
      time = Number(line.slice(1));
      continue;
    }
    const extended = time === undefined ? /^: {0,10}(\d{1,11}):\d+;(.*)$/s.exec(line) : null;
    if (extended === null) yield { time: time ?? 0, command: line };
    else yield { time: Number(extended[1]), command: extended[2]! };
    time = undefined;
  }
}
