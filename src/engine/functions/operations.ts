import { integerOf } from './coerce.ts';
import type { SqlAggregate, SqlFunction, SqlValue } from './function.ts';

export interface OperationOptions {
  /** Starts a carve of these paths and tells its id; without, `carve` says that it is disabled. */
  readonly carve?: ((paths: readonly string[]) => string) | undefined;
  /** Throws when the statement is to stop. */
  readonly check?: (() => void) | undefined;
}

/** Paths that one carve takes at most. */
const MAX_CARVED = 10_000;
/** Milliseconds between two questions whether to stop; an engine looks at its clock every 16th time. */
const NAP = 5;

export function operationFunctions({ check }: OperationOptions): readonly SqlFunction[] {
  return [
    {
      name: 'sleep',
      arity: 1,
      accepts: 'text',
      deterministic: false,
      description: 'Waits that many seconds and answers their number',
      example: 'sleep(0)',
      call(text: SqlValue) {
        const seconds = Math.max(0, integerOf((text as string | null) ?? ''));
        const never = new Int32Array(new SharedArrayBuffer(4));
        for (let left = seconds * 1000; left > 0; left -= NAP) {
          Atomics.wait(never, 0, 0, Math.min(left, NAP));
          check?.();
        }
        return seconds;
      },
    },
  ];
}

export function operationAggregates({ carve }: OperationOptions): readonly SqlAggregate<Set<string>>[] {
  return [
    {
      name: 'carve',
      arity: 1,
      accepts: 'text',
      description: 'Starts a carve of the files at all these paths; says how that went',
      example: "carve('/etc/passwd')",
      start: () => new Set(),
      step(paths: Set<string>, path: SqlValue) {
        if (path === null) return;
        paths.add(path as string);
        if (paths.size > MAX_CARVED) throw new Error(`carve of more than ${MAX_CARVED} paths`);
      },
      result: (paths: Set<string>) =>
        carve === undefined ? 'Carve Failed: function disabled' : `Carve Started: ${carve([...paths])}`,
    },
  ];
}
