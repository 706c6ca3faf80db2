import { linesOf } from '../base/lines.ts';

/** A job of `crontab(5)`. */
export interface CronJob {
  /** `@reboot`, `@daily`, …; the five fields of time are empty then. */
  readonly event: string;
  readonly minute: string;
  readonly hour: string;
  readonly dayOfMonth: string;
  readonly month: string;
  readonly dayOfWeek: string;
  /** As it stands, with all its blanks; in files of the system behind the name of the user who runs it and one blank. */
  readonly command: string;
}

/** Comments, settings of the environment and lines without a command are skipped. Lines of a `system` file name a user. */
export function* parseCrontab(content: string, system: boolean): Generator<CronJob> {
  for (const line of linesOf(content)) {
    const text = line.replace(/^[ \t]+/, '');
    if (text.trim() === '' || text.startsWith('#') || isSetting(text)) continue;
    // A hyphen before the minute: cronie runs the job and does not log it.
    const fields = new Fields(/^-[^ \t]/.test(text) ? text.slice(1) : text);
    const event = fields.rest.startsWith('@') ? fields.next() : '';
    const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] =
      event === '' ? Array.from({ length: 5 }, () => fields.next()) : [];
    const user = system ? fields.next() : '';
    const command = user === '' || fields.rest === '' ? user + fields.rest : `${user} ${fields.rest}`;
    if (command.trim() !== '') yield { event, minute, hour, dayOfMonth, month, dayOfWeek, command };
  }
}

/** Words from the beginning of a line, and what is left behind them. */
class Fields {
  rest: string;

  constructor(text: string) {
    this.rest = text;
  }

  next(): string {
    const [all, word] = /^([^ \t]*)[ \t]*/.exec(this.rest)!;
    this.rest = this.rest.slice(all.length);
    return word!;
  }
}

/** `NAME = value`, the name perhaps in quotes. No field of a time has an equals sign. */
function isSetting(text: string): boolean {
  return /^("[^"]*"|'[^']*'|[^\s="']*)[ \t]*=/.test(text);
}
