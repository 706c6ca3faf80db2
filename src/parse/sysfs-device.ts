/**
 * Where the device behind a network interface sits, as its driver reports it (`ethtool -i`, bus-info), told from the
 * canonical path of its directory in `/sys/devices`: `0000:00:1f.6` for PCI, the transport's device for virtio, the
 * path of ports for USB (`usb-0000:00:14.0-1.2`), else the name of the device itself.
 */
export function busInfo(devicePath: string): string {
  const parts = devicePath.split('/');
  const name = parts.at(-1)!;
  if (/^virtio[0-9]+$/.test(name)) return parts.at(-2) ?? name;
  // An interface of a USB device: `<bus>-<ports>:<configuration>.<interface>`, below `<controller>/usb<bus>`.
  const ports = /^[0-9]+-([0-9.]+):[0-9]+\.[0-9]+$/.exec(name)?.[1];
  const root = parts.findIndex((part) => /^usb[0-9]+$/.test(part));
  return ports !== undefined && root > 0 ? `usb-${parts[root - 1]}-${ports}` : name;
}
