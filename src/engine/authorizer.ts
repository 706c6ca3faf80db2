/**
 * What a statement may do (https://sqlite.org/c3ref/set_authorizer.html). Reading is free, and tables and views of one's
 * own in memory are; nothing reaches a file, another database or the engine's own settings.
 */

const ATTACH = 24;
const DETACH = 25;
const PRAGMA = 19;
const CREATE_VIRTUAL_TABLE = 29;
const ALTER_TABLE = 26;
const FUNCTION = 31;
/** Tables and views, also temporary ones. */
const CREATE_TABLE_OR_VIEW: ReadonlySet<number> = new Set([2, 4, 6, 8]);

/** A table that is renamed could take the name of one of ours; osquery has no ALTER TABLE either. */
const DENIED_ACTIONS: ReadonlySet<number> = new Set([ATTACH, DETACH, CREATE_VIRTUAL_TABLE, ALTER_TABLE]);

/** Functions that reach outside the database in some build of SQLite or its shell. */
const DENIED_FUNCTIONS: ReadonlySet<string> = new Set([
  'load_extension',
  'readfile',
  'writefile',
  'edit',
  'fts3_tokenizer',
]);

/** Pragmas that only tell. */
const READ_ONLY_PRAGMAS: ReadonlySet<string> = new Set([
  'collation_list',
  'compile_options',
  'data_version',
  'database_list',
  'encoding',
  'foreign_key_list',
  'freelist_count',
  'function_list',
  'index_info',
  'index_list',
  'index_xinfo',
  'module_list',
  'page_count',
  'page_size',
  'pragma_list',
  'schema_version',
  'table_info',
  'table_list',
  'table_xinfo',
  'user_version',
]);
/** Read-only pragmas whose argument names what to tell about; an argument of any other is a value to set. */
const PRAGMAS_WITH_SUBJECT = /^(table_x?info|table_list|index_(list|x?info)|foreign_key_list)$/;

/** `isOurs` tells the names of the machine's tables: whoever made one of the same name would hide it from later queries. */
export function isAllowed(action: number, first: string, second: string, isOurs: (name: string) => boolean): boolean {
  if (CREATE_TABLE_OR_VIEW.has(action) && isOurs(first)) return false;
  if (DENIED_ACTIONS.has(action)) return false;
  if (action === FUNCTION) return !DENIED_FUNCTIONS.has(second.toLowerCase());
  if (action === PRAGMA) {
    const name = first.toLowerCase();
    return READ_ONLY_PRAGMAS.has(name) && (second === '' || PRAGMAS_WITH_SUBJECT.test(name));
  }
  return true;
}
