import { createDigest } from '../base/digest.ts';
import { UserError } from '../base/errors.ts';
import { isObject, type JsonObject, type JsonValue, parseConfigText, valueAt } from './config-text.ts';
import { type CustomTable, parseCustomTables } from './custom-tables.ts';
import { type Decorators, parseDecorators } from './decorators.ts';
import { type EventSubscribers, parseEvents } from './event-subscribers.ts';
import { type FileRules, FileRulesParser } from './file-events.ts';
import { reportUnknown } from './known-keys.ts';
import { MAIN_PACK, type Pack, parsePack } from './packs.ts';
import { type PrometheusTargets, parsePrometheusTargets } from './prometheus-targets.ts';
import type { Machine, Report } from './schedule.ts';
import { addLists, sectionOf } from './section.ts';
import { parseViews } from './views.ts';
import { YaraParser, type YaraRules } from './yara.ts';

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
  /** Those for this platform; of two equal names the later piece wins. */
  readonly customTables: readonly CustomTable[];
  readonly files: FileRules;
  readonly yara: YaraRules;
  /** Of the last piece that has them. */
  readonly events: EventSubscribers | undefined;
  readonly prometheusTargets: PrometheusTargets | undefined;
  /** Topics to the names of the queries whose results go there. */
  readonly kafkaTopics: ReadonlyMap<string, readonly string[]>;
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
  const customTables = new Map<string, CustomTable>();
  const kafkaTopics = new Map<string, string[]>();
  const files = new FileRulesParser();
  const yara = new YaraParser();
  let events: EventSubscribers | undefined;
  let prometheusTargets: PrometheusTargets | undefined;
  const texts = source.texts();
  const add = (name: string, from: string, object: JsonObject) => {
    packs.push(parsePack(name, from, object, machine, (place, reason) => problem(`${from}: ${place}: ${reason}`)));
  };
  for (const { source: from, text } of texts) {
    const config = attempt(() => parseConfigText(text, from), problem);
    if (config === undefined) continue;
    const report: Report = (place, reason) => problem(`${from}: ${place}: ${reason}`);
    reportUnknown(config, 'top', '', report);
    const set = valueAt(config, 'options');
    if (isObject(set)) options.push({ source: from, value: set });
    else if (set !== undefined) report('options', 'not an object');
    if (valueAt(config, 'decorators') !== undefined) {
      decorators.push({ source: from, value: parseDecorators(valueAt(config, 'decorators'), report) });
    }
    for (const [name, sql] of parseViews(valueAt(config, 'views'), report)) views.set(name, sql);
    for (const table of parseCustomTables(config, report)) customTables.set(table.name, table);
    addLists(kafkaTopics, sectionOf(config, 'kafka_topics', report), 'kafka_topics', report);
    files.add(config, report);
    yara.add(config, report);
    events = parseEvents(config, report) ?? events;
    prometheusTargets = parsePrometheusTargets(config, report) ?? prometheusTargets;
    const schedule = valueAt(config, 'schedule');
    if (isObject(schedule)) add(MAIN_PACK, from, { queries: schedule });
    else if (schedule !== undefined) report('schedule', 'not an object');
    const named = valueAt(config, 'packs');
    if (isObject(named)) for (const [name, pack] of Object.entries(named)) addPack(name, from, pack);
    else if (named !== undefined) report('packs', 'not an object');
  }
  const last: Report = (place, reason) => problem(`${texts.at(-1)?.source}: ${place}: ${reason}`);
  return {
    packs,
    options,
    decorators,
    views,
    customTables: [...customTables.values()],
    files: files.finish(last),
    yara: yara.finish(last),
    events,
    prometheusTargets,
    kafkaTopics,
    texts,
    hash: hashOf(texts),
  };

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
