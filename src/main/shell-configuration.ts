import { UserError } from '../base/errors.ts';
import { customTableSource } from '../config/custom-table-source.ts';
import type { OptionValues } from '../config/option-values.ts';
import type { TableSource } from '../engine/engine.ts';
import { loadConfiguration } from './configuration.ts';

export interface ShellConfiguration {
  readonly tables: readonly TableSource[];
  readonly views: ReadonlyMap<string, string>;
}

/**
 * What a query may name because the configuration says so. What is wrong with it is said where somebody asks for it: by
 * the daemon, and by `osquery_schedule` and `osquery_packs`.
 */
export function shellConfiguration(options: OptionValues): ShellConfiguration | undefined {
  try {
    const { customTables, views } = loadConfiguration(options, () => {});
    return { tables: customTables.map(customTableSource), views };
  } catch (cause) {
    if (cause instanceof UserError) return undefined;
    throw cause;
  }
}
