import type { JsonObject } from './config-text.ts';
import type { PieceOf } from './configuration.ts';
import { type CustomTable, parseCustomTables } from './custom-tables.ts';
import { type Decorators, parseDecorators } from './decorators.ts';
import { type EventSubscribers, parseEvents } from './event-subscribers.ts';
import { type FeatureVectors, parseFeatureVectors } from './feature-vectors.ts';
import { type FileRules, FileRulesParser } from './file-events.ts';
import { type PrometheusTargets, parsePrometheusTargets } from './prometheus-targets.ts';
import { type Report, within } from './report.ts';
import { addLists, sectionOf } from './section.ts';
import { parseViews } from './views.ts';
import { YaraParser, type YaraRules } from './yara.ts';

/** What a configuration has beside queries. */
export interface Sections {
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
  /** Of the last piece that has them, like all below that may be undefined. */
  readonly events: EventSubscribers | undefined;
  readonly prometheusTargets: PrometheusTargets | undefined;
  /** Topics to the names of the queries whose results go there. */
  readonly kafkaTopics: ReadonlyMap<string, readonly string[]>;
  readonly featureVectors: FeatureVectors | undefined;
}

/** Gathers them, piece by piece; lists under the same name grow. */
export class SectionsParser {
  readonly #options: PieceOf<JsonObject>[] = [];
  readonly #decorators: PieceOf<Decorators>[] = [];
  readonly #views = new Map<string, string>();
  readonly #customTables = new Map<string, CustomTable>();
  readonly #files = new FileRulesParser();
  readonly #yara = new YaraParser();
  readonly #kafkaTopics = new Map<string, string[]>();
  #events: EventSubscribers | undefined;
  #prometheusTargets: PrometheusTargets | undefined;
  #featureVectors: FeatureVectors | undefined;

  /** Adds those of a piece, or of a pack. */
  add(config: JsonObject, source: string, report: Report): void {
    const options = sectionOf(config, 'options', report);
    if (options !== undefined) this.#options.push({ source, value: options });
    const decorators = parseDecorators(config, report);
    if (decorators !== undefined) this.#decorators.push({ source, value: decorators });
    for (const [name, sql] of parseViews(config, report)) this.#views.set(name, sql);
    for (const table of parseCustomTables(config, report)) this.#customTables.set(table.name, table);
    addLists(this.#kafkaTopics, sectionOf(config, 'kafka_topics', report), within(report, 'kafka_topics'));
    this.#files.add(config, report);
    this.#yara.add(config, this.#files, report);
    this.#events = parseEvents(config, report) ?? this.#events;
    this.#prometheusTargets = parsePrometheusTargets(config, report) ?? this.#prometheusTargets;
    this.#featureVectors = parseFeatureVectors(config, report) ?? this.#featureVectors;
  }

  finish(): Sections {
    return {
      options: this.#options,
      decorators: this.#decorators,
      views: this.#views,
      customTables: [...this.#customTables.values()],
      files: this.#files.finish(),
      yara: this.#yara.finish(),
      events: this.#events,
      prometheusTargets: this.#prometheusTargets,
      kafkaTopics: this.#kafkaTopics,
      featureVectors: this.#featureVectors,
    };
  }
}
