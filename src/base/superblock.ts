/** What is on a block device, told by its superblock: how a format is recognized, and the fields that formats share. */

/** Reads from a block device or its image: `length` bytes at `position`, fewer where it ends. */
export type ReadAt = (position: number, length: number) => Buffer;

/** What a superblock says; '' for what it does not. */
export interface Superblock {
  /** File system, swap or member of a volume, with the names of `blkid(8)`: `ext4`, `vfat`, `swap`, `crypto_LUKS`, … */
  readonly type: string;
  readonly uuid: string;
  readonly label: string;
}

export interface Detector {
  /**
   * A container (RAID, LVM, encryption) decides alone: inside may be the remains of anything. A tolerant format is put
   * over others on purpose, as bootable images do, and counts only where no file system is found.
   */
  readonly role: 'container' | 'file system' | 'tolerant';
  /** `size` is that of the device, in bytes. */
  detect(read: ReadAt, size: number): Superblock | undefined;
}

/**
 * The contents of a device of `size` bytes. Undefined if no detector knows it, and if two file systems claim it, for
 * then neither can be trusted.
 */
export function identifySuperblock(detectors: readonly Detector[], read: ReadAt, size: number): Superblock | undefined {
  const found = (role: Detector['role']) =>
    detectors
      .values()
      .filter((detector) => detector.role === role)
      .map((detector) => detector.detect(read, size))
      .filter((superblock) => superblock !== undefined);
  const [container] = found('container').take(1);
  if (container !== undefined) return container;
  const claims = [...found('file system').take(2)];
  if (claims.length > 0) return claims.length === 1 ? claims[0] : undefined;
  const [tolerant] = found('tolerant').take(1);
  return tolerant;
}

/** 16 bytes as 8-4-4-4-12 hex digits; '' if all are zero, or some are missing. */
export function uuidField(bytes: Buffer, at: number): string {
  const field = bytes.subarray(at, at + 16);
  if (field.length < 16 || field.every((byte) => byte === 0)) return '';
  const hex = field.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Text up to the first NUL, spaces at its end removed. */
export function textField(bytes: Buffer, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.utf8Slice(0, end < 0 ? field.length : end).trimEnd();
}

/** UTF-16, little endian, up to the first NUL. */
export function utf16Field(bytes: Buffer, at: number, length: number): string {
  return bytes
    .subarray(at, at + length)
    .toString('utf16le')
    .split('\0', 1)[0]!
    .trimEnd();
}
