import type { Page } from '../generate.ts';
import type { LocatedTable } from './load-tables.ts';

export function tablePages(_tables: readonly LocatedTable[]): Page[] {
  return [];
}
