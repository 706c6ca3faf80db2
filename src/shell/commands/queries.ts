import type { Command } from './command.ts';

/** The commands that ask about tables and queries. */
export const queryCommands: readonly Command[] = [
  {
    name: 'all',
    usage: 'TABLE',
    help: 'Select every row of a table',
    arity: [1, 1],
    async run(session, [table]) {
      const code = await session.run(`SELECT * FROM ${table}`);
      if (code !== 0) session.context.err.write(`Error querying table: ${table}\n`);
      return code;
    },
  },
  {
    name: 'explain',
    usage: 'SQL',
    help: 'Run a query and show what it asked of each table, and how long that took',
    arity: [1, 1],
    raw: true,
    async run(session, [sql]) {
      const { runner, err } = session.context;
      const silent = { columns() {}, row() {} };
      await runner.setTraced(true);
      try {
        await runner.run(sql!, silent);
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
        err.write(`Error: ${(cause as Error).message}\n`);
        return 1;
      } finally {
        await runner.setTraced(session.context.options.bool('planner'));
      }
    },
  },
  {
    name: 'schema',
    usage: '[TABLE]',
    help: 'Show the CREATE TABLE of the tables whose names begin so',
    arity: [0, 1],
    async run({ context, out }, [prefix = '']) {
      for (const name of await context.runner.tables()) {
        if (name.startsWith(prefix)) out.write(`${await context.runner.ddl(name)};\n`);
      }
      return 0;
    },
  },
  {
    name: 'tables',
    aliases: ['list'],
    usage: '[TABLE]',
    help: 'List the tables whose names begin so',
    arity: [0, 1],
    async run({ context, out }, [prefix = '']) {
      for (const name of await context.runner.tables()) if (name.startsWith(prefix)) out.write(`  => ${name}\n`);
      return 0;
    },
  },
  {
    name: 'types',
    usage: 'SQL',
    help: 'Show the names and types of the columns of a query',
    arity: [1, 1],
    raw: true,
    async run(session, [sql]) {
      try {
        const columns = await session.context.runner.describe(sql!);
        session.print(
          ['name', 'type'],
          columns.map(({ name, type }) => [name, type]),
        );
        return 0;
      } catch (cause) {
        session.context.err.write(`Error: ${(cause as Error).message}\n`);
        return 1;
      }
    },
  },
];
