import type { Session } from '../session.ts';
import type { Command } from './command.ts';

/** Runs a query for what it asks of each table; its rows go nowhere. */
export const explain: Command = {
  name: 'explain',
  usage: 'SQL',
  help: 'Run a query and show what it asked of each table, and how long that took',
  arity: [1, 1],
  raw: true,
  async run(session: Session, [sql]) {
    const { runner, options } = session.context;
    await runner.setTraced(true);
    try {
      await session.watch(sql!, { columns() {}, row() {} });
      const rows = (await runner.trace()).map(({ table, constraints, used, scans, rows, milliseconds }) => [
        table,
        constraints.join(', '),
        used.join(', '),
        String(scans),
        String(rows),
        milliseconds.toFixed(1),
      ]);
      session.print(['table', 'constraints', 'columns', 'scans', 'rows', 'ms'], rows);
      return 0;
    } catch (cause) {
      return await session.report(cause);
    } finally {
      await runner.setTraced(options.bool('planner'));
    }
  },
};
