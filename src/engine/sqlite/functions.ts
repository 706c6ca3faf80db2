import { Interrupted } from '../errors.ts';
import type { SqlAggregate, SqlCollation, SqlFunction, SqlValue } from '../functions/function.ts';
import { SQLITE_DETERMINISTIC, SQLITE_INTERRUPT, SQLITE_NULL, SQLITE_OK, SQLITE_UTF8 } from './constants.ts';
import type { Library } from './library.ts';
import { readText, readValue, writeError, writeResult } from './values.ts';

export interface FunctionSet {
  readonly scalars: readonly SqlFunction[];
  readonly aggregates: readonly SqlAggregate[];
  readonly collations: readonly SqlCollation[];
}

/**
 * Gives the connection its functions. One callback serves all scalar functions (the user data says which one is meant),
 * one pair all aggregates, one all collations: 60 functions cost one small WASM module.
 */
export function registerFunctions(library: Library, db: number, set: FunctionSet): void {
  const { api, heap } = library;
  const { scalars, aggregates, collations } = set;
  const states = new Map<number, unknown>();
  let nextState = 1;

  const argumentsOf = (count: number, argv: number, as: 'text' | 'value'): SqlValue[] => {
    const out: SqlValue[] = new Array(count);
    for (let i = 0; i < count; i++) {
      const value = heap.u32[(argv >> 2) + i]!;
      if (as === 'value') out[i] = readValue(library, value);
      else out[i] = api.sqlite3_value_type(value) === SQLITE_NULL ? null : readText(library, value);
    }
    return out;
  };
  const fail = (context: number, cause: unknown) => {
    // Without a message of its own the engine says why the statement was stopped, as it does when a table was running.
    if (cause instanceof Interrupted) api.sqlite3_result_error_code(context, SQLITE_INTERRUPT);
    else writeError(library, context, cause instanceof Error ? cause.message : String(cause));
  };
  /** SQLite calls a function registered for any count with too few arguments, too. */
  const checkCount = ({ name, arity }: SqlFunction | SqlAggregate, count: number) => {
    if (typeof arity === 'object' && (count < arity.min || count > (arity.max ?? count))) {
      throw new Error(`wrong number of arguments to function ${name}()`);
    }
  };

  const pointers = library.install({
    scalar: [
      'viii',
      (context: number, count: number, argv: number) => {
        const definition = scalars[api.sqlite3_user_data(context)]!;
        try {
          checkCount(definition, count);
          const result = definition.call(...argumentsOf(count, argv, definition.accepts));
          writeResult(library, context, result, definition.returns === 'real');
        } catch (cause) {
          fail(context, cause);
        }
      },
    ],
    step: [
      'viii',
      (context: number, count: number, argv: number) => {
        const definition = aggregates[api.sqlite3_user_data(context)]!;
        try {
          checkCount(definition, count);
          const at = api.sqlite3_aggregate_context(context, 4) >> 2;
          let id = heap.u32[at]!;
          if (id === 0) {
            id = nextState++;
            heap.u32[at] = id;
            states.set(id, definition.start());
          }
          definition.step(states.get(id), ...argumentsOf(count, argv, definition.accepts));
        } catch (cause) {
          fail(context, cause);
        }
      },
    ],
    final: [
      'vi',
      (context: number) => {
        const definition = aggregates[api.sqlite3_user_data(context)]!;
        // Zero bytes asked: the address of the state, or 0 where no row came.
        const at = api.sqlite3_aggregate_context(context, 0);
        const id = at === 0 ? 0 : heap.u32[at >> 2]!;
        try {
          const state = id === 0 ? definition.start() : states.get(id);
          writeResult(library, context, definition.result(state), definition.returns === 'real');
        } catch (cause) {
          fail(context, cause);
        } finally {
          states.delete(id);
        }
      },
    ],
    compare: [
      'iiiiii',
      (number: number, lengthA: number, a: number, lengthB: number, b: number) => {
        try {
          return Math.sign(collations[number]!.compare(heap.text(a, lengthA), heap.text(b, lengthB)));
        } catch {
          return 0;
        }
      },
    ],
  });

  const named = (name: string, register: (text: number) => number) => {
    const text = heap.string(name);
    const code = register(text);
    api.free(text);
    if (code !== SQLITE_OK) throw new Error(`SQL function ${name}: ${code}`);
  };
  const create = api.sqlite3_create_function_v2;
  scalars.forEach(({ name, arity, deterministic }, i) => {
    const flags = SQLITE_UTF8 | (deterministic === false ? 0 : SQLITE_DETERMINISTIC);
    const count = typeof arity === 'number' ? arity : -1;
    named(name, (text) => create(db, text, count, flags, i, pointers.scalar, 0, 0, 0));
  });
  aggregates.forEach(({ name, arity }, i) => {
    const count = typeof arity === 'number' ? arity : -1;
    named(name, (text) => create(db, text, count, SQLITE_UTF8, i, 0, pointers.step, pointers.final, 0));
  });
  collations.forEach(({ name }, i) => {
    named(name, (text) => api.sqlite3_create_collation_v2(db, text, SQLITE_UTF8, i, pointers.compare, 0));
  });
}
