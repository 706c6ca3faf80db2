import type { Pack } from '../config/packs.ts';

/** Whether a query returns rows. Throws where it fails. */
export type HasRows = (sql: string) => Promise<boolean>;

interface Known {
  until: number;
  active: boolean;
  hits: number;
  executions: number;
  /** While somebody asks. */
  asking: Promise<boolean> | undefined;
}

/** Which packs their discovery queries let run; an answer holds for a while. */
export class Discovery {
  readonly #hasRows: HasRows;
  readonly #warn: (message: string) => void;
  readonly #known = new Map<string, Known>();

  constructor(hasRows: HasRows, warn: (message: string) => void) {
    this.#hasRows = hasRows;
    this.#warn = warn;
  }

  /** Whether all discovery queries of a pack return rows. `now` and `holds`: seconds. */
  async isActive(pack: Pack, now: number, holds: number, hasRows = this.#hasRows): Promise<boolean> {
    if (pack.discovery.length === 0) return true;
    const key = keyOf(pack);
    const known = this.#known.get(key) ?? { until: 0, active: false, hits: 0, executions: 0, asking: undefined };
    this.#known.set(key, known);
    if (now < known.until) {
      known.hits += 1;
      return known.asking ?? known.active;
    }
    known.executions += 1;
    known.until = now + holds;
    known.asking = this.#ask(pack, hasRows);
    known.active = await known.asking;
    known.asking = undefined;
    return known.active;
  }

  /** For `osquery_packs`. */
  state(pack: Pack): { readonly active: boolean; readonly hits: number; readonly executions: number } {
    const { active, hits, executions } = this.#known.get(keyOf(pack)) ?? { active: false, hits: 0, executions: 0 };
    return { active: pack.discovery.length === 0 || active, hits, executions };
  }

  async #ask(pack: Pack, hasRows: HasRows): Promise<boolean> {
    for (const sql of pack.discovery) {
      try {
        if (!(await hasRows(sql))) return false;
      } catch (cause) {
        this.#warn(`Discovery query failed (${sql}): ${(cause as Error).message}`);
        return false;
      }
    }
    return true;
  }
}

/** A pack with other discovery queries is another one. */
function keyOf({ name, discovery }: Pack): string {
  return JSON.stringify([name, ...discovery]);
}
