import { ifReadable } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';
import { parseSmbios, SMBIOS_FIRMWARE, SMBIOS_PATH, type SmbiosStructure } from '../../parse/smbios.ts';
import { integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** Sources: the firmware's SMBIOS table, which only root may read; what `/sys/class/dmi/id` shows of it to all. */
export const platformInfo = table({
  name: 'platform_info',
  description: 'The firmware of the machine.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    vendor: text('Maker of the firmware'),
    version: text('Version of the firmware', { collate: 'version' }),
    date: text('Date of the firmware, as its maker writes it'),
    revision: text('Release of the firmware: major, dot, minor'),
    extra: text('More about the platform', { untested: 'the firmware of no Linux machine says more' }),
    firmware_type: text('uefi if the machine was booted that way, else bios'),
    address: text('Segment the firmware is loaded at, in hex', { platforms: ['linux', 'darwin'] }),
    size: text('Size of the firmware in bytes', { platforms: ['linux', 'darwin'] }),
    volume_size: integer('Size of the firmware volume in bytes; 0, Linux does not know it', {
      platforms: ['linux', 'darwin'],
    }),
  },
  examples: ['select vendor, version, date from platform_info'],
  *generate({ host, attempt, row }) {
    const { files } = host;
    const firmwareType = files.exists('/sys/firmware/efi') ? 'uefi' : 'bios';
    const content = ifReadable(() => files.readBytes(SMBIOS_PATH, { limit: MEBIBYTE }));
    if (content === undefined) {
      const vendor = attempt(() => identifier(files, 'bios_vendor'));
      if (vendor === undefined) return;
      yield row({
        vendor,
        version: attempt(() => identifier(files, 'bios_version')),
        date: attempt(() => identifier(files, 'bios_date')),
        revision: attempt(() => identifier(files, 'bios_release')),
        firmware_type: firmwareType,
        volume_size: 0,
      });
      return;
    }
    for (const structure of parseSmbios(content)) {
      if (structure.type !== SMBIOS_FIRMWARE) continue;
      const address = structure.u16(0x06) ?? 0;
      yield row({
        vendor: structure.string(0x04),
        version: structure.string(0x05),
        date: structure.string(0x08),
        revision: structure.u8(0x15) === undefined ? '' : `${structure.u8(0x14)}.${structure.u8(0x15)}`,
        firmware_type: firmwareType,
        address: `0x${address.toString(16).padStart(4, '0')}`,
        size: `${romSize(structure)}`,
        volume_size: 0,
      });
    }
  },
});

function identifier(files: Files, name: string): string {
  return files.readText(`/sys/class/dmi/id/${name}`).trim();
}

/** DSP0134, 7.1: blocks of 64 KiB less one; all ones where it is too big for that and stands in a field of its own. */
function romSize(structure: SmbiosStructure): number {
  const blocks = structure.u8(0x09) ?? 0;
  const extended = structure.u16(0x18);
  if (blocks !== 0xff || extended === undefined) return (blocks + 1) * 64 * KIBIBYTE;
  const unit = extended >> 14 === 0 ? MEBIBYTE : 1024 * MEBIBYTE;
  return (extended & 0x3fff) * unit;
}
