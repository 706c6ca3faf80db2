import { linesOf } from '../base/lines.ts';

/** A session of `systemd-logind(8)`, a file in `/run/systemd/sessions`. */
export interface SystemdSession {
  readonly user: string;
  /** `user`, `user-early`, `greeter`, `background`, `manager`, … */
  readonly class: string;
  /** `closing` where the user has logged out, and programs of the session still run. */
  readonly state: string;
  /** Without `/dev/`; of a graphical session without one the display. */
  readonly tty: string;
  readonly host: string;
  /** The process that opened the session. */
  readonly leader: number | undefined;
  /** When it was opened, Unix seconds. */
  readonly time: number | undefined;
}

/** `NAME=value` lines; undefined where no user is named. */
export function parseSystemdSession(content: string): SystemdSession | undefined {
  const values = new Map<string, string>();
  for (const line of linesOf(content)) {
    const equals = line.indexOf('=');
    if (equals > 0 && !line.startsWith('#')) values.set(line.slice(0, equals), unquote(line.slice(equals + 1).trim()));
  }
  const text = (name: string) => values.get(name) ?? '';
  const number = (name: string) => (/^[0-9]{1,16}$/.test(text(name)) ? Number(text(name)) : undefined);
  if (text('USER') === '') return undefined;
  const microseconds = number('REALTIME');
  return {
    user: text('USER'),
    class: text('CLASS'),
    state: text('STATE'),
    tty: text('TTY') || text('DISPLAY'),
    host: text('REMOTE_HOST'),
    leader: number('LEADER'),
    time: microseconds && Math.floor(microseconds / 1e6),
  };
}

function unquote(value: string): string {
  return /^".*"$/s.test(value) ? value.slice(1, -1).replace(/\\(.)/gs, '$1') : value;
}
