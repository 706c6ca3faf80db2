import type { SqlValue } from '../functions/function.ts';
import { SQLITE_BLOB, SQLITE_FLOAT, SQLITE_INTEGER, SQLITE_TEXT, SQLITE_TRANSIENT } from './constants.ts';
import type { Library } from './library.ts';

/** A `sqlite3_value` as JavaScript; integers beyond 2^53 are bigints. */
export function readValue({ api, heap }: Library, value: number): SqlValue {
  switch (api.sqlite3_value_type(value)) {
    case SQLITE_INTEGER: {
      const number = api.sqlite3_value_double(value);
      if (Number.isSafeInteger(number)) return number;
      return api.sqlite3_value_int64(value) as unknown as bigint;
    }
    case SQLITE_FLOAT:
      return api.sqlite3_value_double(value);
    case SQLITE_TEXT:
      return readText({ api, heap }, value);
    case SQLITE_BLOB: {
      const at = api.sqlite3_value_blob(value);
      return heap.copy(at, api.sqlite3_value_bytes(value));
    }
    default:
      return null;
  }
}

/** The value as SQLite renders it in text: what a cast to TEXT would give. */
export function readText({ api, heap }: Pick<Library, 'api' | 'heap'>, value: number): string {
  const at = api.sqlite3_value_text(value);
  return heap.text(at, api.sqlite3_value_bytes(value));
}

const INT64_MASK = 64;

/** The result of an SQL function. With `real`, a number is a REAL even where it is whole. */
export function writeResult(
  { api, heap }: Library,
  context: number,
  value: SqlValue | boolean | undefined,
  real: boolean,
): void {
  if (typeof value === 'string') {
    const at = heap.scratchText(value);
    api.sqlite3_result_text(context, at, heap.written, SQLITE_TRANSIENT);
  } else if (typeof value === 'number') {
    if (Number.isNaN(value)) api.sqlite3_result_null(context);
    else if (real || !Number.isSafeInteger(value) || Object.is(value, -0)) api.sqlite3_result_double(context, value);
    else api.sqlite3_result_int64(context, BigInt(value));
  } else if (typeof value === 'bigint') {
    api.sqlite3_result_int64(context, BigInt.asIntN(INT64_MASK, value));
  } else if (typeof value === 'boolean') {
    api.sqlite3_result_int(context, value ? 1 : 0);
  } else if (value instanceof Uint8Array) {
    const at = heap.scratchBytes(value);
    api.sqlite3_result_blob(context, at, heap.written, SQLITE_TRANSIENT);
  } else {
    api.sqlite3_result_null(context);
  }
}

export function writeError({ api, heap }: Library, context: number, message: string): void {
  const at = heap.scratchText(message);
  api.sqlite3_result_error(context, at, heap.written);
}
