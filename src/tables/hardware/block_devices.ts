import { basename, dirname } from 'node:path';
import { ifReadable } from '../../base/errors.ts';
import { identifySuperblock, type Superblock } from '../../base/superblock.ts';
import type { Files } from '../../host/host.ts';
import { DISC_DETECTORS } from '../../parse/superblock-discs.ts';
import { LINUX_DETECTORS } from '../../parse/superblock-linux.ts';
import { MEMBER_DETECTORS } from '../../parse/superblock-members.ts';
import { MICROSOFT_DETECTORS } from '../../parse/superblock-microsoft.ts';
import { SIGNATURE_DETECTORS } from '../../parse/superblock-signatures.ts';
import { UNIX_DETECTORS } from '../../parse/superblock-unix.ts';
import { decodeUdevValue, parseUdevProperties } from '../../parse/udev-database.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

const CLASS = '/sys/class/block';

/** Sysfs counts the size of every device in these, whatever its own sectors are. */
const SECTOR_BYTES = 512;

/** Device mapper devices stand on others, those again on others: partition, LUKS, LVM, snapshot and some. */
const MAX_PARENTS = 16;

/** Of the tolerant ones the first that finds something counts. */
const DETECTORS = [
  ...LINUX_DETECTORS,
  ...MICROSOFT_DETECTORS,
  ...DISC_DETECTORS,
  ...SIGNATURE_DETECTORS,
  ...UNIX_DETECTORS,
  ...MEMBER_DETECTORS,
];

/** Sources: `/sys/class/block`; the superblocks on the devices, which only root may read, else udev's database of them. */
export const blockDevices = table({
  name: 'block_devices',
  description: 'Disks, partitions and whatever else has blocks, with what is on them.',
  platforms: ['linux', 'darwin'],
  columns: {
    name: text('Path of the device', { index: true }),
    parent: text('Device it is a partition of, or stands on'),
    vendor: text('Maker of the disk'),
    model: text('Model of the disk'),
    serial: text('Serial number or world-wide name of the disk'),
    size: bigint('Size in sectors of 512 bytes'),
    block_size: integer('Size of a logical block of the disk in bytes'),
    uuid: text('UUID of the file system or volume on the device', { collate: 'nocase' }),
    type: text('What is on the device: ext4, vfat, swap, crypto_LUKS, LVM2_member, …'),
    label: text('Label of the file system'),
  },
  examples: [
    'select name, size * 512 as bytes, type, uuid from block_devices',
    "select * from block_devices where name = '/dev/sda'",
  ],
  *generate({ host, values, uses, attempt, row }) {
    const { files } = host;
    const wanted = values('name');
    for (const { name } of attempt(() => files.list(CLASS)) ?? []) {
      const path = devicePath(name);
      if (wanted !== undefined && !wanted.includes(path)) continue;
      const device = attempt(() => locate(files, name));
      if (device === undefined) continue;
      const disk = wholeDisk(files, device);
      const sectors = Number(attribute(files, device.directory, 'size'));
      const content = uses('uuid', 'type', 'label') ? superblock(files, path, device.directory, sectors) : undefined;
      yield row({
        name: path,
        parent: device.parent === undefined ? '' : devicePath(device.parent),
        vendor: first(files, disk, 'device/vendor', 'device/device/vendor'),
        model: first(files, disk, 'device/model'),
        serial: first(files, disk, 'device/wwid', 'device/serial', 'serial'),
        size: Number.isSafeInteger(sectors) ? sectors : undefined,
        block_size: blockSize(files, device, disk),
        uuid: content?.uuid,
        type: content?.type,
        label: content?.label,
      });
    }
  },
});

interface Device {
  /** Canonical directory in `/sys/devices`. */
  readonly directory: string;
  /** Name in sysfs of the disk of a partition, or of the first device below a virtual one. */
  readonly parent: string | undefined;
}

function locate(files: Files, name: string): Device {
  const directory = files.realPath(`${CLASS}/${name}`);
  const parent = files.exists(`${directory}/partition`)
    ? basename(dirname(directory))
    : ifReadable(() => files.list(`${directory}/slaves`))
        ?.map((entry) => entry.name)
        .sort()[0];
  return { directory, parent };
}

/** Directory of the hardware at the bottom: partitions and volumes are made by whom it is made by. */
function wholeDisk(files: Files, device: Device): string {
  let at = device;
  for (let i = 0; i < MAX_PARENTS && at.parent !== undefined; i++) {
    const { parent } = at;
    at = ifReadable(() => locate(files, parent)) ?? { directory: at.directory, parent: undefined };
  }
  return at.directory;
}

/** In names of sysfs `!` stands for `/`: `cciss!c0d0`. */
function devicePath(name: string): string {
  return `/dev/${name.replaceAll('!', '/')}`;
}

function attribute(files: Files, directory: string, name: string): string {
  return ifReadable(() => files.readText(`${directory}/${name}`).trim()) ?? '';
}

function first(files: Files, directory: string, ...names: readonly string[]): string {
  return (
    names
      .values()
      .map((name) => attribute(files, directory, name))
      .find((value) => value !== '') ?? ''
  );
}

/** Partitions have that of their disk, and no file of their own. */
function blockSize(files: Files, { directory }: Device, disk: string): number | undefined {
  const file = 'queue/logical_block_size';
  return Number(attribute(files, directory, file) || attribute(files, disk, file)) || undefined;
}

function superblock(files: Files, path: string, directory: string, sectors: number): Superblock | undefined {
  // An empty drive or an unused loop device.
  if (!(sectors > 0 && Number.isSafeInteger(sectors * SECTOR_BYTES))) return undefined;
  const read = ifReadable(() => {
    using file = files.open(path);
    return {
      found: identifySuperblock(
        DETECTORS,
        (position, length) => {
          const into = Buffer.alloc(length);
          return into.subarray(0, position >= 0 && Number.isSafeInteger(position) ? file.readAt(into, position) : 0);
        },
        sectors * SECTOR_BYTES,
      ),
    };
  });
  return read === undefined ? fromUdev(files, attribute(files, directory, 'dev')) : read.found;
}

/** `number` is major and minor, `8:1`. */
function fromUdev(files: Files, number: string): Superblock | undefined {
  if (!/^[0-9]+:[0-9]+$/.test(number)) return undefined;
  const content = ifReadable(() => files.readText(`/run/udev/data/b${number}`));
  const properties = parseUdevProperties(content ?? '');
  const type = properties.get('ID_FS_TYPE');
  if (type === undefined) return undefined;
  return {
    type,
    uuid: properties.get('ID_FS_UUID') ?? '',
    label: decodeUdevValue(properties.get('ID_FS_LABEL_ENC') ?? properties.get('ID_FS_LABEL') ?? ''),
  };
}
