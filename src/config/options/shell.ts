import type { OptionDeclaration } from './declaration.ts';

/** The interactive shell and its one-shot queries. */
export const shellOptions: readonly OptionDeclaration[] = [
  ['A', 'string', '', 'shell', 'Print every row of this table and exit'],
  ['L', 'bool', 'false', 'shell', 'Print the names of all tables and exit'],
  ['connect', 'string', '', 'shell', 'Send queries to the agent behind this extension socket'],
  ['csv', 'bool', 'false', 'shell', 'Print rows as separated values, quoted where needed'],
  ['extension', 'string', '', 'shell', 'Start this extension and use its tables'],
  ['header', 'bool', 'true', 'shell', 'Print the names of columns in the modes that have a header'],
  ['json', 'bool', 'false', 'shell', 'Print rows as a JSON array, one object a line'],
  ['json_pretty', 'bool', 'false', 'shell', 'Print rows as an indented JSON array'],
  ['line', 'bool', 'false', 'shell', 'Print each cell on its own line, as name = value'],
  ['list', 'bool', 'false', 'shell', 'Print rows as separated values, never quoted'],
  ['nullvalue', 'string', '', 'option', 'Text shown for NULL'],
  ['output', 'string', '', 'shell', 'Write results to this file; - is standard output'],
  ['pack', 'string', '', 'shell', 'Run the queries of this pack of the configuration and exit'],
  ['planner', 'bool', 'false', 'shell', 'Print to standard error what each query asks of each table'],
  ['profile', 'int32', '0', 'shell', 'Run the query this many times and print how long it takes; -1 runs it once'],
  ['profile_delay', 'int32', '0', 'hidden', 'Seconds to sleep before and after a profile'],
  ['query', 'string', '', 'shell', 'Run this SQL and exit'],
  ['query_file', 'string', '', 'shell', 'Run the SQL in this file and exit'],
  ['separator', 'string', '|', 'shell', 'Text between the cells of a row in list and csv mode'],
];
