import { detectExt, detectLuks, detectLvm, detectRaid, detectSwap } from './linux.ts';
import { detectExfat, detectFat, detectNtfs } from './microsoft.ts';
import { SIGNATURES } from './signatures.ts';

/** Reads from a block device or its image: `length` bytes at `position`, fewer where it ends. */
export type ReadAt = (position: number, length: number) => Buffer;

/** What a superblock says; '' for what it does not. */
export interface Superblock {
  /** File system, swap or member of a volume, with the names of `blkid(8)`: `ext4`, `vfat`, `swap`, `crypto_LUKS`, … */
  readonly type: string;
  readonly uuid: string;
  readonly label: string;
}

export type Detect = (read: ReadAt, size: number) => Superblock | undefined;

/** What holds others decides alone: inside may be the remains of anything. */
const CONTAINERS: readonly Detect[] = [detectRaid, detectLvm, detectLuks];

const FILE_SYSTEMS: readonly Detect[] = [detectSwap, detectExt, detectExfat, detectNtfs];

/** Formats that are put over others on purpose, such as bootable images: they count only where nothing else is found. */
const TOLERANT: readonly Detect[] = [detectFat];

/**
 * The contents of a device of `size` bytes, told by its superblock. Undefined if nothing is known, and if two file
 * systems claim the device, for then neither can be trusted.
 */
export function identifySuperblock(read: ReadAt, size: number): Superblock | undefined {
  for (const detect of CONTAINERS) {
    const found = detect(read, size);
    if (found !== undefined) return found;
  }
  const signed = SIGNATURES.map((signature) => ({ signature, found: signature.detect(read) }));
  const container = signed.find(({ signature, found }) => signature.role === 'container' && found !== undefined);
  if (container !== undefined) return container.found;
  const claims = [
    ...FILE_SYSTEMS.map((detect) => detect(read, size)),
    ...signed.filter(({ signature }) => signature.role === 'file system').map(({ found }) => found),
  ].filter((found) => found !== undefined);
  if (claims.length > 0) return claims.length === 1 ? claims[0] : undefined;
  return [
    ...signed.filter(({ signature }) => signature.role === 'tolerant').map(({ found }) => found),
    ...TOLERANT.map((detect) => detect(read, size)),
  ].find((found) => found !== undefined);
}
