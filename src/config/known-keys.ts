import { nearest } from '../base/nearest.ts';
import type { JsonObject } from './config-text.ts';
import type { Report } from './schedule.ts';

/** What a configuration may have, beside what extensions of osquery read. */
const TOP = [
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
  'packs',
  'prometheus_targets',
  'schedule',
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

const QUERY = [
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
];

const PACK = [...NOTES, ...RESTRICTIONS, 'discovery', 'queries'];
const DECORATORS = ['always', 'interval', 'load'];

const KNOWN = { top: TOP, query: QUERY, pack: PACK, decorators: DECORATORS };

/** Says which keys of an object mean nothing: a misspelt one would go unnoticed otherwise. `place` is empty at the top. */
export function reportUnknown(object: JsonObject, kind: keyof typeof KNOWN, place: string, report: Report): void {
  const known = KNOWN[kind];
  for (const key of Object.keys(object)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    report(place === '' ? key : `${place}.${key}`, `unknown, and ignored${hint}`);
  }
}
