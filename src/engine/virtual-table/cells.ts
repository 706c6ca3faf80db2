import type { ColumnType } from '../../schema/columns.ts';
import { SQLITE_TRANSIENT } from '../sqlite/constants.ts';
import type { Library } from '../sqlite/library.ts';

const INT64_MAX = 0x7fff_ffff_ffff_ffffn;
const INT64_MIN = -0x8000_0000_0000_0000n;

/**
 * Hands one cell of a table to SQLite: the one place that decides what an absent cell is (`''` in a TEXT column, NULL
 * elsewhere, as osquery's users see today) and how a value that does not fit its column is written.
 */
export function cellWriter({ api, heap }: Library): (context: number, value: unknown, type: ColumnType) => void {
  const resultText = api.sqlite3_result_text;
  const resultInt = api.sqlite3_result_int;
  const resultInt64 = api.sqlite3_result_int64;
  const resultDouble = api.sqlite3_result_double;
  const resultNull = api.sqlite3_result_null;
  const resultBlob = api.sqlite3_result_blob;

  const text = (context: number, value: string) => {
    const at = heap.scratchText(value);
    resultText(context, at, heap.written, SQLITE_TRANSIENT);
  };
  // Above int64 there is only text: exact to the last digit wherever it is printed.
  const big = (context: number, value: bigint) => {
    if (value >= INT64_MIN && value <= INT64_MAX) resultInt64(context, value);
    else text(context, value.toString());
  };

  return (context, value, type) => {
    if (typeof value === 'string') {
      if (type === 'TEXT' || value !== '') text(context, value);
      else resultNull(context);
    } else if (typeof value === 'number') {
      if (type === 'TEXT') text(context, String(value));
      else if (type === 'DOUBLE') resultDouble(context, value);
      else if ((value | 0) === value) resultInt(context, value);
      else if (Number.isFinite(value)) big(context, BigInt(Math.trunc(value)));
      else resultNull(context);
    } else if (typeof value === 'bigint') {
      if (type === 'TEXT') text(context, value.toString());
      else big(context, value);
    } else if (typeof value === 'boolean') {
      resultInt(context, value ? 1 : 0);
    } else if (value instanceof Uint8Array) {
      const at = heap.scratchBytes(value);
      resultBlob(context, at, heap.written, SQLITE_TRANSIENT);
    } else if (type === 'TEXT') {
      text(context, '');
    } else {
      resultNull(context);
    }
  };
}
