import { ifReadable } from '../../base/errors.ts';
import { parseMounts } from '../../parse/mounts.ts';
import { bigint, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

const NOTHING = { blockSize: 0, blocks: 0, blocksFree: 0, blocksAvailable: 0, inodes: 0, inodesFree: 0 };

/** Sources: `/proc/mounts`, `statfs(2)`. */
export const mounts = table({
  name: 'mounts',
  description: 'Mounted file systems with their size and what is free.',
  platforms: ['linux', 'darwin'],
  columns: {
    device: text('Device, share or name that is mounted'),
    device_alias: text('Canonical path of the device, links resolved; empty if it is not a path'),
    path: text('Directory the file system is mounted on'),
    type: text('Type of the file system'),
    blocks_size: bigint('Size of a block in bytes'),
    blocks: bigint('Size of the file system in blocks'),
    blocks_free: bigint('Free blocks'),
    blocks_available: bigint('Free blocks that users other than root may take'),
    inodes: bigint('Files and directories the file system can hold'),
    inodes_free: bigint('Files and directories that can still be made'),
    flags: text('Mount options, separated by commas'),
  },
  examples: [
    "select path, 100.0 * blocks_available / blocks as percent_free from mounts where device like '/dev/%'",
    "select * from mounts where path = '/'",
  ],
  *generate({ host, uses, attempt, row }) {
    const content = attempt(() => host.files.readText('/proc/mounts')) ?? '';
    // A dead file server holds whoever asks for its space: only who wants to know it does.
    const sized = uses('blocks_size', 'blocks', 'blocks_free', 'blocks_available', 'inodes', 'inodes_free');
    for (const { device, path, type, options } of parseMounts(content)) {
      // To ask an automounter's directory is to mount what it waits for.
      const size = sized && type !== 'autofs' ? attempt(() => host.kernel?.fileSystem(path)) : undefined;
      const { blockSize, blocks, blocksFree, blocksAvailable, inodes, inodesFree } = size ?? NOTHING;
      // Whoever may mount with FUSE names the device, which may be a link to what does not answer.
      const isPath = uses('device_alias') && device.startsWith('/') && type !== 'fuse' && !type.startsWith('fuse.');
      yield row({
        device,
        device_alias: isPath ? ifReadable(() => host.files.realPath(device)) : '',
        path,
        type,
        blocks_size: blockSize,
        blocks,
        blocks_free: blocksFree,
        blocks_available: blocksAvailable,
        inodes,
        inodes_free: inodesFree,
        flags: options,
      });
    }
  },
});
