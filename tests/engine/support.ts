import { Engine, type EngineOptions, type TableSource, type Warning } from '../../src/engine/engine.ts';
import type { Host } from '../../src/host/host.ts';
import { sqliteModule } from '../../src/host/linux/sqlite-module.ts';
import type { Agent } from '../../src/schema/agent.ts';
import type { AnyTable } from '../../src/schema/table.ts';

let compiled: WebAssembly.Module | undefined;

/** A host without files and without a kernel: for tables that read nothing. */
export const noHost = { platform: 'linux', files: {}, kernel: undefined } as unknown as Host;

export function source(table: AnyTable): TableSource {
  return { name: table.name, aliases: table.aliases ?? [], load: () => table };
}

/** An engine with just these tables; its warnings are collected in `warnings`. */
export function engineWith(
  tables: readonly AnyTable[],
  options: Partial<EngineOptions> = {},
): { engine: Engine; warnings: Warning[] } {
  compiled ??= sqliteModule();
  const warnings: Warning[] = [];
  const engine = new Engine({
    module: compiled,
    host: noHost,
    agent: {} as Agent,
    tables: tables.map(source),
    functions: { scalars: [], aggregates: [], collations: [] },
    warn: (warning) => warnings.push(warning),
    ...options,
  });
  return { engine, warnings };
}

/** A small generator of pseudo-random numbers (mulberry32): a failing test says its seed and can be run again. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
