import { nearest } from '../base/nearest.ts';
import type { JsonObject } from './config-text.ts';
import type { Report } from './report.ts';

/** What a piece may have beside its queries, and a pack, too. */
const SECTIONS = [
  'auto_table_construction',
  'decorators',
  'events',
  'exclude_paths',
  'feature_vectors',
  'file_accesses',
  'file_paths',
  'file_paths_query',
  'kafka_topics',
  'options',
  'prometheus_targets',
  'views',
  'yara',
];

/** What people note beside a query or a pack; nobody reads it here. */
const NOTES = [
  'author',
  'comment',
  'comments',
  'description',
  'name',
  'note',
  'notes',
  'oncall',
  'references',
  'tags',
  'title',
  'value',
];

const RESTRICTIONS = ['platform', 'version', 'shard'];

const KNOWN = {
  // A server that sends its configuration says in it, too, whether it knows the machine; osquery sets `logger` aside.
  top: [...SECTIONS, 'logger', 'node_invalid', 'packs', 'schedule'],
  query: [
    ...NOTES,
    ...RESTRICTIONS,
    'blacklist',
    'denylist',
    'interval',
    'query',
    'removed',
    'run_at_start',
    'snapshot',
    'startup_priority',
    'timeout',
  ],
  pack: [...NOTES, ...RESTRICTIONS, ...SECTIONS, 'discovery', 'queries'],
  decorators: ['always', 'interval', 'load'],
  table: [...NOTES, 'columns', 'path', 'platform', 'query'],
  events: ['disable_subscribers', 'enable_subscribers', 'environment_variables'],
  prometheus: ['timeout', 'urls'],
  yara: ['file_paths', 'signature_urls', 'signatures'],
  features: ['character_frequencies'],
};

export type KnownKeys = typeof KNOWN;

/** Says which keys of an object mean nothing: a misspelt one would go unnoticed otherwise. */
export function reportUnknown(object: JsonObject, kind: keyof KnownKeys, report: Report): void {
  const known = KNOWN[kind];
  let unknown = 0;
  for (const key of Object.keys(object)) {
    // `_comment`, `// why`: JSON has no comments of its own.
    if (known.includes(key) || /^(_|#|\/\/|\$schema$)/.test(key)) continue;
    const near = ++unknown > MAX_SEARCHES ? undefined : nearest(key.slice(0, MAX_KEY), known);
    report(key, `unknown, and ignored${near === undefined ? '' : `; did you mean ${near}?`}`);
  }
}

/** Keys of an object for which the nearest is searched: a million of them would take a second each 150,000. */
const MAX_SEARCHES = 20;
/** Longer than all that are known: a search for the nearest costs the product of the lengths. */
const MAX_KEY = 64;

/** Whether a pack has something beside queries. */
export function hasSections(pack: JsonObject): boolean {
  return SECTIONS.some((key) => Object.hasOwn(pack, key));
}
