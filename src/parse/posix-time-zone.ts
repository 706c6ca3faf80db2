/**
 * A POSIX time zone, the form of `TZ` that has its own rules (`tzset(3)`): `CET-1CEST,M3.5.0,M10.5.0/3`. A name in `<>`
 * may hold digits and signs; offsets count hours west of Greenwich.
 */
interface PosixZone {
  readonly name: string;
  readonly offset: number;
  readonly summer:
    | { readonly name: string; readonly offset: number; readonly begins: Rule; readonly ends: Rule }
    | undefined;
}

/** A day of every year, and the seconds after its midnight, local time. */
interface Rule {
  readonly dayOf: (year: number) => number;
  readonly seconds: number;
}

const HOUR = 3600;
const DAY = 86400;

/** The name of the zone at `time` (seconds since the epoch); undefined if `text` is not of the form. */
export function posixZoneAbbreviation(text: string, time: number): string | undefined {
  const zone = parse(text);
  if (zone?.summer === undefined) return zone?.name;
  const { offset, summer } = zone;
  const year = new Date((time - offset) * 1000).getUTCFullYear();
  if (Number.isNaN(year)) return zone.name;
  const begins = instant(summer.begins, year, offset);
  const ends = instant(summer.ends, year, summer.offset);
  // South of the equator summer goes over the new year.
  const isSummer = begins < ends ? time >= begins && time < ends : time >= begins || time < ends;
  return isSummer ? summer.name : zone.name;
}

function instant(rule: Rule, year: number, offset: number): number {
  return Date.UTC(year, 0, 1) / 1000 + rule.dayOf(year) * DAY + rule.seconds + offset;
}

const NAME = '(?:<([+\\-A-Za-z0-9]{3,16})>|([A-Za-z]{3,16}))';
const OFFSET = '([+-]?[0-9]{1,3}(?::[0-9]{1,2}){0,2})';
const ZONE = new RegExp(`^${NAME}${OFFSET}(?:${NAME}${OFFSET}?(?:,([^,]{1,32}),([^,]{1,32}))?)?$`);
/** Without rules those of the United States count, as in the C library. */
const DEFAULT_RULES = ['M3.2.0', 'M11.1.0'] as const;

function parse(text: string): PosixZone | undefined {
  const match = ZONE.exec(text);
  if (match === null) return undefined;
  const [, quoted, plain, offsetText = '', summerQuoted, summerPlain, summerOffset, begin, end] = match;
  const name = quoted ?? plain ?? '';
  const offset = seconds(offsetText);
  const summerName = summerQuoted ?? summerPlain;
  if (summerName === undefined) return { name, offset, summer: undefined };
  const begins = parseRule(begin ?? DEFAULT_RULES[0]);
  const ends = parseRule(end ?? DEFAULT_RULES[1]);
  if (begins === undefined || ends === undefined) return undefined;
  const away = summerOffset === undefined ? offset - HOUR : seconds(summerOffset);
  return { name, offset, summer: { name: summerName, offset: away, begins, ends } };
}

/** `[+-]hh[:mm[:ss]]` */
function seconds(text: string): number {
  const [hours = 0, minutes = 0, rest = 0] = text.replace(/^[+-]/, '').split(':').map(Number);
  return (text.startsWith('-') ? -1 : 1) * (hours * HOUR + minutes * 60 + rest);
}

function parseRule(text: string): Rule | undefined {
  const [day = '', time = '2'] = text.split('/', 2);
  if (!/^[+-]?[0-9]{1,3}(:[0-9]{1,2}){0,2}$/.test(time)) return undefined;
  const at = seconds(time);
  const [, julian] = /^J([0-9]{1,3})$/.exec(day) ?? [];
  // Jn: 1 to 365, the 29th of February is never counted.
  if (julian !== undefined)
    return { dayOf: (year) => Number(julian) - 1 + (isLeap(year) && Number(julian) > 59 ? 1 : 0), seconds: at };
  if (/^[0-9]{1,3}$/.test(day)) return { dayOf: () => Number(day), seconds: at };
  const [, month, week, weekday] = /^M([0-9]{1,2})\.([1-5])\.([0-6])$/.exec(day) ?? [];
  if (month === undefined || Number(month) < 1 || Number(month) > 12) return undefined;
  return { dayOf: (year) => dayOfMonthRule(year, Number(month), Number(week), Number(weekday)), seconds: at };
}

/** Mm.w.d: the w-th weekday d (0 Sunday) of month m; 5 is the last one. Counts from the first of January, 0. */
function dayOfMonthRule(year: number, month: number, week: number, weekday: number): number {
  const first = Date.UTC(year, month - 1, 1);
  const days = (Date.UTC(year, month, 1) - first) / 1000 / DAY;
  let day = (weekday - new Date(first).getUTCDay() + 7) % 7;
  day += (week - 1) * 7;
  if (day >= days) day -= 7;
  return (first - Date.UTC(year, 0, 1)) / 1000 / DAY + day;
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}
