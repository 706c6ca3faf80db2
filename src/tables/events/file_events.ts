import { bigint, integer, text } from '../../schema/columns.ts';
import { eventTable, storeColumns } from '../../schema/event-table.ts';
import type { FileEvent } from '../../schema/file-event.ts';

/** Permissions with the three bits before them, `inode(7)`. */
const PERMISSIONS = 0o7777;

/** Sources: `fanotify(7)`, or `inotify(7)` where that cannot be; `stat(2)`. */
export const fileEvents = eventTable({
  name: 'file_events',
  description: 'What happened to the files that the configuration’s file_paths name.',
  platforms: ['linux', 'darwin'],
  publisher: 'inotify',
  columns: {
    target_path: text('Path of the file'),
    category: text('Category of file_paths that it is of'),
    action: text('CREATED, UPDATED, DELETED, MOVED_FROM, MOVED_TO, ATTRIBUTES_MODIFIED, OPENED or ACCESSED'),
    transaction_id: bigint('The same for both halves of a move; else 0'),
    inode: bigint('Inode of the file'),
    uid: bigint('User id of the owner'),
    gid: bigint('Group id of the owner'),
    mode: text('Permissions, octal'),
    size: bigint('Bytes of the file'),
    atime: bigint('Last read, Unix seconds'),
    mtime: bigint('Last change of the content, Unix seconds'),
    ctime: bigint('Last change of the attributes, Unix seconds'),
    md5: text('MD5 of the content after it was made or changed', { collate: 'nocase' }),
    sha1: text('SHA-1 of it', { collate: 'nocase' }),
    sha256: text('SHA-256 of it', { collate: 'nocase' }),
    hashed: integer('1 with digests, 0 where none are due, -1 if the file could not be read'),
    time: storeColumns.time(),
    eid: storeColumns.eid(),
    pid: bigint('Process that did it; NULL where inotify does not say', { hidden: true }),
  },
  examples: ["select time, action, target_path, sha256 from file_events where category = 'etc'"],
  *rows({ path, category, action, transaction, pid, stat, digests, isHashed, matches }: FileEvent) {
    // Of yara_events.
    if (matches !== undefined) return;
    yield {
      target_path: path,
      category,
      action,
      transaction_id: transaction,
      pid,
      inode: stat?.inode,
      uid: stat?.uid,
      gid: stat?.gid,
      mode: stat && (stat.mode & PERMISSIONS).toString(8).padStart(4, '0'),
      size: stat?.size,
      atime: stat && Math.floor(stat.atime),
      mtime: stat && Math.floor(stat.mtime),
      ctime: stat && Math.floor(stat.ctime),
      md5: digests?.md5 ?? '',
      sha1: digests?.sha1 ?? '',
      sha256: digests?.sha256 ?? '',
      hashed: digests !== undefined ? 1 : isHashed ? -1 : 0,
    };
  },
});
