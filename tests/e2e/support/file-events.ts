import type { DaemonFolder } from './daemon.ts';

/** A row as it is logged. */
export type Cells = Record<string, string>;

/** Configures a daemon that asks a table of events each second, and says each second that it runs. */
export function askEachSecond(folder: DaemonFolder, table: string, columns: string, sections: object): void {
  folder.configure({
    schedule: {
      [table]: { query: `select ${columns} from ${table}`, interval: 1 },
      ready: { query: 'select 1 from osquery_events', interval: 1, snapshot: true },
    },
    ...sections,
  });
}

/** Until the daemon has run its schedule once more, and so its directories are watched. */
export async function watching(folder: DaemonFolder): Promise<void> {
  const runs = () => folder.lines('osqueryd.snapshots.log').length;
  const before = runs();
  await folder.until(() => runs() > before + 1, 'two runs');
}

/** What was logged of a table so far. */
export function heard(folder: DaemonFolder, table: string): Cells[] {
  return folder
    .lines('osqueryd.results.log')
    .filter((line) => line['name'] === table)
    .map(({ columns }) => columns as Cells);
}
