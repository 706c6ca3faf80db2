import { cutText } from '../../base/text.ts';
import type { ColumnType } from '../../schema/columns.ts';
import { SQLITE_TRANSIENT } from '../sqlite/constants.ts';
import type { Library } from '../sqlite/library.ts';

/**
 * Characters of a text and bytes of a blob that a cell has at most, 1 MiB: eight times the longest argument of a program
 * (`MAX_ARG_STRLEN`), and more than any file that a table shows a line of. In JSON it may become six times as long.
 */
export const MAX_CELL = 1024 * 1024;

const INT64_MAX = 0x7fff_ffff_ffff_ffffn;
const INT64_MIN = -0x8000_0000_0000_0000n;

/**
 * Hands one cell of a table to SQLite: the one place that decides what an absent cell is (`''` in a TEXT column, NULL
 * elsewhere, as osquery's users see today), how a value that does not fit its column is written, and how long one may be.
 * True where the cell was cut.
 */
export function cellWriter({ api, heap }: Library): (context: number, value: unknown, type: ColumnType) => boolean {
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
      if (value.length > MAX_CELL) {
        text(context, cutText(value, MAX_CELL));
        return true;
      }
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
      const at = heap.scratchBytes(value.subarray(0, MAX_CELL));
      resultBlob(context, at, heap.written, SQLITE_TRANSIENT);
      return value.length > MAX_CELL;
    } else if (type === 'TEXT') {
      text(context, '');
    } else {
      resultNull(context);
    }
    return false;
  };
}
