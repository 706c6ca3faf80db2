import { linesOf } from '../base/lines.ts';

/** A job of `crontab(5)`. In files of the system the command begins with the name of the user who runs it. */
export interface CronJob {
  /** `@reboot`, `@daily`, …; the five fields of time are empty then. */
  readonly event: string;
  readonly minute: string;
  readonly hour: string;
  readonly dayOfMonth: string;
  readonly month: string;
  readonly dayOfWeek: string;
  /** Words separated by one blank. */
  readonly command: string;
}

/** Comments, settings of the environment and lines without a command are skipped. */
export function* parseCrontab(content: string): Generator<CronJob> {
  for (const line of linesOf(content)) {
    const text = line.trim();
    if (text === '' || text.startsWith('#') || isSetting(text)) continue;
    const words = text.split(/[ \t]+/);
    const event = text.startsWith('@') ? words.shift()! : '';
    const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] =
      event === '' ? words.splice(0, 5) : [];
    if (words.length > 0) yield { event, minute, hour, dayOfMonth, month, dayOfWeek, command: words.join(' ') };
  }
}

/** `NAME = value`, the name perhaps in quotes. No field of a time has an equals sign. */
function isSetting(text: string): boolean {
  return /^("[^"]*"|'[^']*'|[^\s="']*)[ \t]*=/.test(text);
}
