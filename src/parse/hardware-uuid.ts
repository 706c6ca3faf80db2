/** UUIDs that makers left in the firmware of many machines: they identify nothing. */
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  '00000000-0000-0000-0000-000000000000',
  '03000200-0400-0500-0006-000700080009',
  '03020100-0504-0706-0809-0a0b0c0d0e0f',
  '10000000-0000-8000-0040-000000000000',
]);

/** The machine's UUID out of `/sys/class/dmi/id/product_uuid`; undefined if it is empty or a placeholder. */
export function parseHardwareUuid(content: string): string | undefined {
  const uuid = content.split('\0', 1)[0]!.trim();
  return uuid === '' || PLACEHOLDERS.has(uuid.toLowerCase()) ? undefined : uuid;
}
