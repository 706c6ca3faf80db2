import type { Engine } from '../engine/engine.ts';

/** Makes the views of a configuration. One that is wrong is left out with a word to `warn`. */
export function createViews(engine: Engine, views: ReadonlyMap<string, string>, warn: (message: string) => void): void {
  for (const [name, sql] of views) {
    try {
      for (const statement of engine.statements(`create view ${quoted(name)} as ${sql}`)) {
        while (statement.step());
      }
    } catch (cause) {
      warn(`Error creating view (${name}): ${(cause as Error).message}`);
    }
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
