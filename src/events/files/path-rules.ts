import { alternatives, literal, wildcard } from '../../host/wildcard.ts';

/** Which files are watched: categories to patterns, as the configuration has them. */
export interface PathPatterns {
  readonly paths: ReadonlyMap<string, readonly string[]>;
  readonly excluded: ReadonlyMap<string, readonly string[]>;
}

/** What a directory is to the rules. */
export interface Interest {
  /** Something in it may fit. */
  readonly covers: boolean;
  /** Something below a directory in it may fit. */
  readonly leads: boolean;
  /** Everything below it may fit: links in it are not followed. */
  readonly recursive: boolean;
  /** A pattern leads here without a wildcard. */
  readonly named: boolean;
}

interface Rule {
  readonly category: string;
  /** Of each component whether a name fits. */
  readonly components: readonly ((name: string) => boolean)[];
  /** How many of them, from the first, have no wildcard. */
  readonly named: number;
  /** Whether all below fits, too. */
  readonly recursive: boolean;
  /** No wildcard in the last component: for a directory, what is in it fits, too. */
  readonly single: boolean;
}

/**
 * Patterns of paths, by category. `%%` at the end is all below, hidden files too; a path without wildcards is a file, or a
 * directory and what is directly in it.
 */
export class PathRules {
  readonly #rules: readonly Rule[];
  readonly #excluded: readonly Rule[];

  constructor({ paths, excluded }: PathPatterns) {
    this.#rules = compile(paths);
    this.#excluded = compile(excluded);
  }

  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** The categories that a file is of. */
  match(path: string): string[] {
    const components = componentsOf(path);
    const found = new Set(this.#rules.filter((rule) => fits(rule, components)).map(({ category }) => category));
    if (found.size === 0) return [];
    for (const rule of this.#excluded)
      if (found.has(rule.category) && fits(rule, components)) found.delete(rule.category);
    return [...found];
  }

  /** What a directory is to the rules; undefined if nothing that fits can be below it. */
  interest(directory: string): Interest | undefined {
    const components = componentsOf(directory);
    let [covers, leads, recursive, named] = [false, false, false, false];
    for (const rule of this.#rules) {
      const length = rule.components.length;
      if (!begins(rule, components) || this.#excludes(rule.category, components)) continue;
      named ||= rule.named >= components.length;
      if (components.length < length) {
        covers ||= components.length === length - 1;
        // A file that is named, or what leads to it, may be made later.
        leads ||= components.length < length - 1 || rule.recursive || rule.single;
      } else if (rule.recursive) [covers, leads, recursive] = [true, true, true];
      else if (rule.single && components.length === length) covers = true;
    }
    return covers || leads ? { covers, leads, recursive, named } : undefined;
  }

  /** Whether all below a directory is left out of a category. */
  #excludes(category: string, components: readonly string[]): boolean {
    return this.#excluded.some(
      (rule) =>
        rule.category === category &&
        rule.recursive &&
        components.length >= rule.components.length &&
        begins(rule, components),
    );
  }
}

/** Whether what a path and a rule both have of components is the same. */
function begins({ components: rule }: Rule, components: readonly string[]): boolean {
  const length = Math.min(rule.length, components.length);
  for (let i = 0; i < length; i++) if (!rule[i]!(components[i]!)) return false;
  return true;
}

function fits(rule: Rule, components: readonly string[]): boolean {
  const more = components.length - rule.components.length;
  if (more < 0 || (rule.recursive ? more === 0 : more > (rule.single ? 1 : 0))) return false;
  return begins(rule, components);
}

function compile(patterns: ReadonlyMap<string, readonly string[]>): Rule[] {
  return [...patterns].flatMap(([category, texts]) =>
    texts.flatMap(alternatives).map((text) => {
      const components = componentsOf(text);
      const recursive = /^[%*]{2,}$/.test(components.at(-1) ?? '');
      if (recursive) components.pop();
      const wildcards = components.map((component) => wildcard(component, { all: true }));
      const fitting = wildcards.map((fits, i) => fits ?? same(literal(components[i]!)));
      const first = wildcards.findIndex((fits) => fits !== undefined);
      const named = first < 0 ? components.length : first;
      const single = !recursive && wildcard(components.at(-1) ?? '') === undefined;
      return { category, components: fitting, named, recursive, single };
    }),
  );
}

const same = (wanted: string) => (name: string) => name === wanted;

function componentsOf(path: string): string[] {
  return path.split('/').filter((component) => component !== '');
}
