import { createDigest } from '../base/digest.ts';
import { UserError } from '../base/errors.ts';
import { isObject, type JsonObject, type JsonValue, parseConfigText, valueAt } from './config-text.ts';
import { type Decorators, parseDecorators } from './decorators.ts';
import { MAIN_PACK, type Pack, parsePack } from './packs.ts';
import type { Machine } from './schedule.ts';
import { parseViews } from './views.ts';

/** A piece of configuration and where it came from. */
export interface ConfigText {
  readonly source: string;
  readonly text: string;
}

/** Where a configuration comes from. Every method throws `UserError`. */
export interface ConfigSource {
  /** The pieces, in the order in which they are merged. */
  texts(): ConfigText[];
  /** A pack that the configuration names by a path. */
  pack(path: string): ConfigText;
  /** The packs of a pattern, named after their files. */
  packs(pattern: string): (ConfigText & { readonly name: string })[];
}

export interface Configuration {
  /** The schedule of each piece as a pack `main`, then the packs of that piece. */
  readonly packs: readonly Pack[];
  /** One a piece, in order: options of a later one win. */
  readonly options: readonly PieceOf<JsonObject>[];
  /** One a piece that has any. */
  readonly decorators: readonly PieceOf<Decorators>[];
  /** Names to SQL; of two equal names the later piece wins. */
  readonly views: ReadonlyMap<string, string>;
  /** The pieces as they were read. */
  readonly texts: readonly ConfigText[];
  /** SHA-1 of the SHA-1 of each piece, in the order of their sources: the same for the same texts, as in osquery. */
  readonly hash: string;
}

/** Something of a configuration, and where it came from. */
export interface PieceOf<T> {
  readonly source: string;
  readonly value: T;
}

/** What is wrong with a configuration and is left out: source, place and reason in a line. */
export type Problem = (message: string) => void;

/**
 * Reads and merges a configuration. A piece that is no JSON is left out whole, a query or a pack that is wrong alone; each
 * with a line to `problem`. Throws `UserError` where there is no configuration at all.
 */
export function readConfiguration(source: ConfigSource, machine: Machine, problem: Problem): Configuration {
  const packs: Pack[] = [];
  const options: PieceOf<JsonObject>[] = [];
  const decorators: PieceOf<Decorators>[] = [];
  const views = new Map<string, string>();
  const texts = source.texts();
  const add = (name: string, from: string, object: JsonObject) => {
    packs.push(parsePack(name, from, object, machine, (place, reason) => problem(`${from}: ${place}: ${reason}`)));
  };
  for (const { source: from, text } of texts) {
    const config = attempt(() => parseConfigText(text, from), problem);
    if (config === undefined) continue;
    const report = (place: string, reason: string) => problem(`${from}: ${place}: ${reason}`);
    const set = valueAt(config, 'options');
    if (isObject(set)) options.push({ source: from, value: set });
    else if (set !== undefined) report('options', 'not an object');
    if (valueAt(config, 'decorators') !== undefined) {
      decorators.push({ source: from, value: parseDecorators(valueAt(config, 'decorators'), report) });
    }
    for (const [name, sql] of parseViews(valueAt(config, 'views'), report)) views.set(name, sql);
    const schedule = valueAt(config, 'schedule');
    if (isObject(schedule)) add(MAIN_PACK, from, { queries: schedule });
    else if (schedule !== undefined) report('schedule', 'not an object');
    const named = valueAt(config, 'packs');
    if (isObject(named)) for (const [name, pack] of Object.entries(named)) addPack(name, from, pack);
    else if (named !== undefined) report('packs', 'not an object');
  }
  return { packs, options, decorators, views, texts, hash: hashOf(texts) };

  /** A pack is an object, the path of a file with one, or under the name `*` a pattern of such paths. */
  function addPack(name: string, from: string, pack: JsonValue): void {
    if (typeof pack !== 'string') {
      if (isObject(pack)) add(name, from, pack);
      else problem(`${from}: packs.${name}: neither a pack nor a path`);
      return;
    }
    const texts = attempt(() => (name === '*' ? source.packs(pack) : [{ ...source.pack(pack), name }]), problem) ?? [];
    for (const { name: own, source: path, text } of texts) {
      const object = attempt(() => parseConfigText(text, path), problem);
      if (object !== undefined) add(own, path, object);
    }
  }
}

function hashOf(texts: readonly ConfigText[]): string {
  const sha1 = (text: string) => {
    const digest = createDigest('sha1');
    digest.update(Buffer.from(text));
    return digest.digest('hex');
  };
  const ordered = [...texts].sort((a, b) => (a.source < b.source ? -1 : 1));
  return sha1(ordered.map(({ text }) => sha1(text)).join(''));
}

function attempt<T>(read: () => T, problem: Problem): T | undefined {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    problem(cause.message);
    return undefined;
  }
}
