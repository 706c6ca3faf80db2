import { bigint, integer, text } from '../../schema/columns.ts';
import { eventTable, storeColumns } from '../../schema/event-table.ts';
import type { FileEvent } from '../../schema/file-event.ts';

/** Source: what `file_events` is fed by, and YARA. */
export const yaraEvents = eventTable({
  name: 'yara_events',
  description: 'Files of file_paths that were made or changed, and that rules of YARA match.',
  platforms: ['linux', 'darwin', 'windows'],
  publisher: 'inotify',
  columns: {
    target_path: text('Path of the file'),
    category: text('Category of file_paths that it is of'),
    action: text('CREATED, UPDATED or MOVED_TO'),
    matches: text('Rules that match, separated by commas'),
    count: integer('How many rules match'),
    strings: text(
      'Strings of the rules and where each is found first, hexadecimal, as $name:offset, separated by commas',
    ),
    tags: text('Tags of the rules, separated by commas'),
    // osquery has it without `additional`; the store finds events by it all the same.
    time: bigint('When the event was heard, Unix seconds', { ordinal: true }),
    eid: storeColumns.eid(),
    transaction_id: bigint('The same for both halves of a move', { platforms: ['darwin'] }),
  },
  examples: ["select time, action, target_path, matches from yara_events where category = 'downloads'"],
  *rows({ path, category, action, matches }: FileEvent) {
    if (matches === undefined) return;
    yield {
      target_path: path,
      category,
      action,
      matches: matches.map(({ rule }) => rule).join(),
      count: matches.length,
      strings: matches.flatMap(({ strings }) => strings).join(),
      tags: matches.flatMap(({ tags }) => tags).join(),
    };
  },
});
