/** SQLite's C constants by their own names; see https://sqlite.org/c3ref/constlist.html. */

export const SQLITE_OK = 0;
export const SQLITE_LIMIT_LIKE_PATTERN_LENGTH = 8;

export const SQLITE_ERROR = 1;
export const SQLITE_NOMEM = 7;
export const SQLITE_READONLY = 8;
export const SQLITE_INTERRUPT = 9;
export const SQLITE_CORRUPT = 11;
export const SQLITE_NOTFOUND = 12;
export const SQLITE_CANTOPEN = 14;
export const SQLITE_TOOBIG = 18;
export const SQLITE_CONSTRAINT = 19;
export const SQLITE_AUTH = 23;
export const SQLITE_NOTADB = 26;
export const SQLITE_ROW = 100;
export const SQLITE_DONE = 101;

export const SQLITE_IOERR_READ = 266;
export const SQLITE_IOERR_SHORT_READ = 522;

export const SQLITE_INTEGER = 1;
export const SQLITE_FLOAT = 2;
export const SQLITE_TEXT = 3;
export const SQLITE_BLOB = 4;
export const SQLITE_NULL = 5;

export const SQLITE_UTF8 = 1;
export const SQLITE_DETERMINISTIC = 0x800;
export const SQLITE_DIRECTONLY = 0x80000;
/** Tells SQLite to copy the bytes before the call returns. */
export const SQLITE_TRANSIENT = -1;

export const SQLITE_OPEN_READONLY = 1;
export const SQLITE_OPEN_READWRITE = 2;
export const SQLITE_OPEN_CREATE = 4;

export const SQLITE_DBCONFIG_DEFENSIVE = 1010;
export const SQLITE_DBCONFIG_DQS_DML = 1013;
export const SQLITE_DBCONFIG_DQS_DDL = 1014;
export const SQLITE_DBCONFIG_TRUSTED_SCHEMA = 1017;
/** Significant digits of a REAL rendered in text; 17 by default since SQLite 3.52. */
export const SQLITE_DBCONFIG_FP_DIGITS = 1023;
