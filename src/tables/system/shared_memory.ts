import { parseSharedMemory } from '../../parse/sysvipc-shm.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** Bits beside the permissions, `include/uapi/linux/shm.h`. */
const SHM_DEST = 0o1000;
const SHM_LOCKED = 0o2000;

/** Source: `/proc/sysvipc/shm`, `proc_sysvipc(5)`. */
export const sharedMemory = table({
  name: 'shared_memory',
  description: 'Segments of System V shared memory.',
  platforms: ['linux'],
  columns: {
    shmid: integer('Id of the segment'),
    owner_uid: bigint('User id of the owner'),
    creator_uid: bigint('User id of who created it'),
    pid: bigint('Process that attached or detached it last'),
    creator_pid: bigint('Process that created it'),
    atime: bigint('Last attached, Unix seconds'),
    dtime: bigint('Last detached, Unix seconds'),
    ctime: bigint('Last changed, Unix seconds'),
    permissions: text('Mode bits as four octal digits'),
    size: bigint('Size in bytes'),
    attached: integer('How many times it is attached'),
    status: text('dest if it goes when the last process detaches it'),
    locked: integer('1 if it is locked in memory'),
  },
  examples: ['select shmid, size, attached from shared_memory'],
  *generate({ host, attempt, row }) {
    for (const segment of parseSharedMemory(attempt(() => host.files.readText('/proc/sysvipc/shm')) ?? '')) {
      yield row({
        shmid: segment.id,
        owner_uid: segment.uid,
        creator_uid: segment.creatorUid,
        pid: segment.lastPid,
        creator_pid: segment.creatorPid,
        atime: segment.atime,
        dtime: segment.dtime,
        ctime: segment.ctime,
        permissions: (segment.mode & 0o7777).toString(8).padStart(4, '0'),
        size: segment.size,
        attached: segment.attached,
        status: (segment.mode & SHM_DEST) !== 0 ? 'dest' : '',
        locked: (segment.mode & SHM_LOCKED) !== 0,
      });
    }
  },
});
