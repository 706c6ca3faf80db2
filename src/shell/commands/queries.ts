import type { Command } from './command.ts';
import { explain } from './explain.ts';

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
  explain,
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
        return session.report(cause);
      }
    },
  },
];
