import { MalformedInput } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';
import type { SqliteCell, SqliteReader } from '../../schema/sqlite-files.ts';
import {
  SQLITE_BLOB,
  SQLITE_CORRUPT,
  SQLITE_DBCONFIG_DEFENSIVE,
  SQLITE_DBCONFIG_FP_DIGITS,
  SQLITE_DBCONFIG_TRUSTED_SCHEMA,
  SQLITE_DONE,
  SQLITE_FLOAT,
  SQLITE_INTEGER,
  SQLITE_NOTADB,
  SQLITE_NULL,
  SQLITE_OK,
  SQLITE_OPEN_READONLY,
  SQLITE_ROW,
} from '../sqlite/constants.ts';
import { Library } from '../sqlite/library.ts';
import { DatabaseImage } from './database-image.ts';
import { ImageVfs } from './image-vfs.ts';

/** Bytes that SQLite may use for the files of a machine: pages that it keeps, and what sorting needs. */
const MEMORY_LIMIT = 128 * 1024 * 1024;
const STEPS_A_LOOK = 4000;
/** As our engine has it: `0.1 + 0.2` is `0.3`. */
const FLOAT_DIGITS = 15;
/** What a file may be asked: to read. Codes of the authorizer, https://sqlite.org/c3ref/c_alter_table.html. */
const ALLOWED = new Set([20, 21, 31, 33]);
/** A file that was changed while it was read is read again, so many times. */
const TRIES = 3;

/**
 * Runs queries on the SQLite files of a machine, in an instance of SQLite of its own: a file that was made to harm its
 * reader finds a sandbox without files, system calls and tables in it. Pages are read when they are needed.
 */
export class SqliteFiles implements SqliteReader {
  readonly #module: WebAssembly.Module;
  readonly #files: Files;
  readonly #check: () => void;
  #opened: { readonly library: Library; readonly vfs: ImageVfs; readonly callbacks: Callbacks } | undefined;
  #interrupt: unknown;

  /** `check` throws when it is time to stop. */
  constructor(module: WebAssembly.Module, files: Files, check: () => void) {
    this.#module = module;
    this.#files = files;
    this.#check = check;
  }

  *rows(path: string, sql: string, { texts = false } = {}): Generator<readonly SqliteCell[]> {
    for (let tries = 1; ; tries++) {
      let begun = false;
      const before = this.#stamp(path);
      try {
        for (const row of this.#read(path, sql, texts)) {
          begun = true;
          yield row;
        }
        return;
      } catch (cause) {
        const changed = cause instanceof MalformedInput && this.#stamp(path) !== before;
        if (begun || !changed || tries === TRIES) throw cause;
      }
    }
  }

  *#read(path: string, sql: string, texts: boolean): Generator<readonly SqliteCell[]> {
    using image = new DatabaseImage(this.#files, path);
    const { library, vfs, callbacks } = this.#start();
    const { api, heap } = library;
    const { name, remove } = vfs.add(image);
    const out = api.malloc(8);
    const strings = [heap.string(name), heap.string(vfs.name), heap.string(sql)] as const;
    let db = 0;
    let statement = 0;
    try {
      const fail = (code: number): never => {
        const failure = this.#interrupt ?? vfs.takeFailure();
        this.#interrupt = undefined;
        if (failure !== undefined) throw failure;
        const reason = db === 0 ? `SQLite error ${code}` : heap.cString(api.sqlite3_errmsg(db));
        throw new MalformedInput(
          path,
          0,
          code === SQLITE_NOTADB || code === SQLITE_CORRUPT ? reason : `SQL: ${reason}`,
        );
      };
      const opened = api.sqlite3_open_v2(strings[0], out, SQLITE_OPEN_READONLY, strings[1]);
      db = heap.u32[out >> 2]!;
      if (opened !== SQLITE_OK) fail(opened);
      api.sqlite3__wasm_db_config_ip(db, SQLITE_DBCONFIG_DEFENSIVE, 1, 0);
      api.sqlite3__wasm_db_config_ip(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, 0);
      api.sqlite3__wasm_db_config_ip(db, SQLITE_DBCONFIG_FP_DIGITS, FLOAT_DIGITS, 0);
      api.sqlite3_progress_handler(db, STEPS_A_LOOK, callbacks.progress, 0);
      api.sqlite3_set_authorizer(db, callbacks.authorize, 0);
      const prepared = api.sqlite3_prepare_v2(db, strings[2], -1, out, 0);
      if (prepared !== SQLITE_OK) fail(prepared);
      statement = heap.u32[out >> 2]!;
      const columns = api.sqlite3_column_count(statement);
      for (;;) {
        const code = statement === 0 ? SQLITE_DONE : api.sqlite3_step(statement);
        if (code === SQLITE_DONE) return;
        if (code !== SQLITE_ROW) fail(code);
        yield Array.from({ length: columns }, (_, i) => cell(library, statement, i, texts));
      }
    } finally {
      api.sqlite3_finalize(statement);
      if (db !== 0) api.sqlite3_close_v2(db);
      for (const string of strings) api.free(string);
      api.free(out);
      remove();
    }
  }

  #start() {
    if (this.#opened === undefined) {
      const library = new Library(this.#module, MEMORY_LIMIT);
      const callbacks = library.install({
        progress: [
          'ii',
          () => {
            try {
              this.#check();
              return 0;
            } catch (cause) {
              this.#interrupt = cause;
              return 1;
            }
          },
        ],
        authorize: ['iiiiiii', (_data: number, action: number) => (ALLOWED.has(action) ? 0 : 1)],
      });
      this.#opened = { library, vfs: new ImageVfs(library), callbacks };
    }
    return this.#opened;
  }

  /** Tells whether somebody has written meanwhile. */
  #stamp(path: string): string {
    return ['', '-wal', '-journal']
      .map((suffix) => {
        if (!this.#files.exists(path + suffix)) return '';
        const { size, mtime, inode } = this.#files.stat(path + suffix);
        return `${size} ${mtime} ${inode}`;
      })
      .join();
  }
}

interface Callbacks {
  readonly progress: number;
  readonly authorize: number;
}

function cell({ api, heap }: Library, statement: number, column: number, texts: boolean): SqliteCell {
  const type = api.sqlite3_column_type(statement, column);
  if (type === SQLITE_NULL) return null;
  if (type === SQLITE_INTEGER && !texts) {
    const value = api.sqlite3_column_int64(statement, column) as unknown as bigint;
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  if (type === SQLITE_FLOAT && !texts) return api.sqlite3_column_double(statement, column);
  if (type === SQLITE_BLOB && !texts) {
    const at = api.sqlite3_column_blob(statement, column);
    return heap.copy(at, api.sqlite3_column_bytes(statement, column));
  }
  const at = api.sqlite3_column_text(statement, column);
  return heap.text(at, api.sqlite3_column_bytes(statement, column));
}
