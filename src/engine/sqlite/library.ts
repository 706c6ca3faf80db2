import { monotonicNow } from '../../base/clock.ts';
import { SQLITE_OK } from './constants.ts';
import { Heap } from './heap.ts';
import { install } from './trampolines.ts';
import { registerVfs } from './vfs.ts';

/**
 * The C functions in use, as the WASM build exports them (https://sqlite.org/c3ref/funclist.html). Pointers are numbers,
 * 64-bit integers bigints.
 */
export type Sqlite3 = Readonly<Record<ApiName, (...args: (number | bigint)[]) => number>>;

type ApiName =
  | '_emscripten_stack_restore'
  | 'emscripten_stack_get_current'
  | '__wasm_call_ctors'
  | 'free'
  | 'malloc'
  | 'sqlite3__wasm_db_config_ip'
  | 'sqlite3_aggregate_context'
  | 'sqlite3_close_v2'
  | 'sqlite3_column_blob'
  | 'sqlite3_column_bytes'
  | 'sqlite3_column_count'
  | 'sqlite3_column_decltype'
  | 'sqlite3_column_double'
  | 'sqlite3_column_int64'
  | 'sqlite3_column_name'
  | 'sqlite3_column_text'
  | 'sqlite3_column_type'
  | 'sqlite3_create_collation_v2'
  | 'sqlite3_create_function_v2'
  | 'sqlite3_create_module_v2'
  | 'sqlite3_declare_vtab'
  | 'sqlite3_errmsg'
  | 'sqlite3_error_offset'
  | 'sqlite3_finalize'
  | 'sqlite3_free'
  | 'sqlite3_initialize'
  | 'sqlite3_limit'
  | 'sqlite3_malloc'
  | 'sqlite3_open_v2'
  | 'sqlite3_prepare_v2'
  | 'sqlite3_progress_handler'
  | 'sqlite3_reset'
  | 'sqlite3_result_blob'
  | 'sqlite3_result_double'
  | 'sqlite3_result_error'
  | 'sqlite3_result_error_code'
  | 'sqlite3_result_int'
  | 'sqlite3_result_int64'
  | 'sqlite3_result_null'
  | 'sqlite3_result_text'
  | 'sqlite3_set_authorizer'
  | 'sqlite3_step'
  | 'sqlite3_stmt_readonly'
  | 'sqlite3_user_data'
  | 'sqlite3_value_blob'
  | 'sqlite3_value_bytes'
  | 'sqlite3_value_double'
  | 'sqlite3_value_int64'
  | 'sqlite3_value_text'
  | 'sqlite3_value_type'
  | 'sqlite3_vfs_register'
  | 'sqlite3_vtab_collation'
  | 'sqlite3_vtab_in'
  | 'sqlite3_vtab_in_first'
  | 'sqlite3_vtab_in_next';

/** Errno of a system call that is not there, as WASI and musl have it (ENOSYS is 52 in WASI). */
const ENOSYS = -52;

/**
 * One instance of SQLite: its code, its memory, its function table. The `.wasm` file of `@sqlite.org/sqlite-wasm` is
 * used without that package's JavaScript: it starts asynchronously and costs 2 to 10 times more a call. Its imports are
 * system calls, which SQLite only needs for files; every one of them answers "not there".
 */
export class Library {
  readonly heap: Heap;
  readonly table: WebAssembly.Table;
  readonly api: Sqlite3;
  /** Its own file system, which has no files: the address of a `sqlite3_vfs`. */
  readonly vfs: number;
  /** Where C's stack is when nothing runs. */
  readonly #stack: number;

  constructor(module: WebAssembly.Module, memoryLimit: number) {
    const heap = new Heap(memoryLimit);
    this.heap = heap;
    const instance = new WebAssembly.Instance(module, imports(module, heap));
    const api = instance.exports as unknown as Sqlite3;
    this.api = api;
    this.table = instance.exports.__indirect_function_table as WebAssembly.Table;
    heap.use({ malloc: (n) => api.malloc(n), free: (at) => void api.free(at) });
    api.__wasm_call_ctors();
    const code = api.sqlite3_initialize();
    if (code !== SQLITE_OK) throw new Error(`sqlite3_initialize: ${code}`);
    this.#stack = api.emscripten_stack_get_current();
    this.vfs = registerVfs(this);
  }

  /** Puts C's stack right after an exception has left a call; nothing of SQLite may be running. */
  unwind(): void {
    this.api._emscripten_stack_restore(this.#stack);
  }

  install: <const C extends Parameters<typeof install>[1]>(callbacks: C) => Record<keyof C, number> = (callbacks) =>
    install(this.table, callbacks);
}

function imports(module: WebAssembly.Module, heap: Heap): WebAssembly.Imports {
  const spaces: WebAssembly.Imports = {};
  for (const { module: space, name, kind } of WebAssembly.Module.imports(module)) {
    spaces[space] ??= {};
    if (kind === 'function') spaces[space][name] = () => ENOSYS;
  }
  Object.assign(spaces.env!, {
    memory: heap.memory,
    emscripten_date_now: () => Date.now(),
    emscripten_get_now: () => monotonicNow(),
    emscripten_get_heap_max: () => heap.limit,
    emscripten_resize_heap: (wanted: number) => (heap.grow(wanted >>> 0) ? 1 : 0),
    _tzset_js: () => undefined,
    _localtime_js: (seconds: bigint, tm: number) => localTime(heap, Number(seconds), tm),
  });
  Object.assign(spaces.wasi_snapshot_preview1!, {
    environ_sizes_get: (count: number, size: number) => {
      heap.u32[count >> 2] = 0;
      heap.u32[size >> 2] = 0;
      return 0;
    },
    environ_get: () => 0,
    clock_time_get: (_clock: number, _precision: bigint, at: number) => {
      heap.i64[at >> 3] = BigInt(Date.now()) * 1_000_000n;
      return 0;
    },
  });
  return spaces;
}

/** Fills C's `struct tm` (`strftime('…', 'localtime')` asks for it). */
function localTime(heap: Heap, seconds: number, tm: number): void {
  const date = new Date(seconds * 1000);
  const year = date.getFullYear();
  const dayOfYear = Math.round((Date.UTC(year, date.getMonth(), date.getDate()) - Date.UTC(year, 0, 1)) / 86_400_000);
  const winter = Math.max(new Date(year, 0, 1).getTimezoneOffset(), new Date(year, 6, 1).getTimezoneOffset());
  heap.i32.set(
    [
      date.getSeconds(),
      date.getMinutes(),
      date.getHours(),
      date.getDate(),
      date.getMonth(),
      year - 1900,
      date.getDay(),
      dayOfYear,
      date.getTimezoneOffset() < winter ? 1 : 0,
      -date.getTimezoneOffset() * 60,
    ],
    tm >> 2,
  );
}
