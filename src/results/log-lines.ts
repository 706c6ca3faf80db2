import { calendarTime } from '../base/calendar-time.ts';
import { type RowText, withTexts } from './row.ts';

/** What a line says beside the rows. */
export interface LogHead {
  /** Full name of the query: `pack_web_ports`. */
  readonly name: string;
  readonly hostIdentifier: string;
  /** When the query ran, Unix seconds. */
  readonly unixTime: number;
  readonly epoch: number | bigint;
  readonly counter: number | bigint;
  /** What decorators found, in order; the same object for many lines. */
  readonly decorations: readonly (readonly [name: string, value: string])[];
}

export interface LineOptions {
  /** `--logger_numerics`: numbers as numbers. */
  readonly numerics: boolean;
  /** `--decorations_top_level`: decorations beside the other fields, not in an object of their own. */
  readonly decorationsTopLevel: boolean;
}

/** What changed between two runs. */
export interface Changes {
  readonly added: readonly RowText[];
  readonly removed: readonly RowText[];
}

/** A line for each row that went and that came: `--logger_event_type`. */
export function* eventLines(head: LogHead, { added, removed }: Changes, options: LineOptions): Generator<string> {
  const fields = headFields(head, options);
  for (const row of removed) yield `{${fields},"columns":${rowIn(row, options)},"action":"removed"}`;
  for (const row of added) yield `{${fields},"columns":${rowIn(row, options)},"action":"added"}`;
}

/** One line with all that changed. */
export function batchLine(head: LogHead, { added, removed }: Changes, options: LineOptions): string {
  const rows = (list: readonly RowText[]) => list.map((row) => rowIn(row, options)).join(',');
  return `{"diffResults":{"removed":[${rows(removed)}],"added":[${rows(added)}]},${headFields(head, options)}}`;
}

/** One line with all rows of a run. */
export function snapshotLine(head: LogHead, rows: readonly RowText[], options: LineOptions): string {
  const all = rows.map((row) => rowIn(row, options)).join(',');
  return `{"snapshot":[${all}],"action":"snapshot",${headFields(head, options)}}`;
}

/** A line for each row of a run: `--logger_snapshot_event_type`. */
export function* snapshotEventLines(head: LogHead, rows: readonly RowText[], options: LineOptions): Generator<string> {
  const fields = headFields(head, options);
  for (const row of rows) yield `{${fields},"columns":${rowIn(row, options)},"action":"snapshot"}`;
}

function rowIn(row: RowText, { numerics }: LineOptions): string {
  return numerics ? row : withTexts(row);
}

/** The fields in osquery's order, without braces. */
function headFields(head: LogHead, { numerics, decorationsTopLevel }: LineOptions): string {
  const { name, hostIdentifier, unixTime, epoch, counter, decorations } = head;
  const fields = [
    `"name":${text(name)}`,
    `"hostIdentifier":${text(hostIdentifier)}`,
    `"calendarTime":${text(calendarTime(unixTime))}`,
    `"unixTime":${unixTime}`,
    `"epoch":${epoch}`,
    `"counter":${counter}`,
    `"numerics":${numerics}`,
  ];
  const pairs = decorations.map(([key, value]) => `${text(key)}:${text(value)}`);
  if (pairs.length > 0) fields.push(decorationsTopLevel ? pairs.join(',') : `"decorations":{${pairs.join(',')}}`);
  return fields.join(',');
}

function text(value: string): string {
  return JSON.stringify(value.toWellFormed());
}
