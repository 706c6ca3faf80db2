import { ifReadable } from '../../base/errors.ts';
import { text } from '../../schema/columns.ts';
import type { DeviceEvent } from '../../schema/device-event.ts';
import { eventTable, storeColumns } from '../../schema/event-table.ts';

/** Source: messages of udev or, where it does not run, of the kernel, `udev(7)`, `netlink(7)`. */
export const hardwareEvents = eventTable({
  name: 'hardware_events',
  description: 'Devices that came, went or changed: disks, USB devices and others that have a type.',
  platforms: ['linux', 'darwin'],
  publisher: 'udev',
  columns: {
    action: text('add, remove, change, bind, …'),
    path: text('Device file; empty where it has none'),
    type: text('Kind of device: disk, usb_device, usb_interface, …'),
    driver: text('Driver of the device'),
    vendor: text('Name of the vendor, of udev’s database'),
    vendor_id: text('Number of the vendor, hexadecimal', { collate: 'nocase' }),
    model: text('Name of the model, of udev’s database'),
    model_id: text('Number of the model, hexadecimal', { collate: 'nocase' }),
    serial: text('Serial number'),
    revision: text('Revision of the device'),
    time: storeColumns.time(),
    eid: storeColumns.eid(),
  },
  examples: ["select time, action, path, vendor, model, serial from hardware_events where type = 'usb_device'"],
  *rows({ uevent: { action, devpath, properties } }: DeviceEvent, { files }) {
    const property = (name: string) => properties.get(name) ?? '';
    const type = property('DEVTYPE');
    if (type === '') return;
    const node = property('DEVNAME');
    const model = property('ID_MODEL_FROM_DATABASE');
    // What has neither, nobody can tell from others.
    if (node === '' && model === '') return;
    // A message need not name the driver that a device has had for long.
    const driver = properties.get('DRIVER') ?? ifReadable(() => files.readLink(`/sys${devpath}/driver`)) ?? '';
    if (node === '' && driver === '') return;
    yield {
      action,
      // The kernel leaves out the directory.
      path: node === '' || node.startsWith('/') ? node : `/dev/${node}`,
      type,
      driver: driver.replace(/^.*\//s, ''),
      vendor: property('ID_VENDOR_FROM_DATABASE'),
      vendor_id: property('ID_VENDOR_ID'),
      model,
      model_id: property('ID_MODEL_ID'),
      serial: property('ID_SERIAL_SHORT'),
      revision: property('ID_REVISION'),
    };
  },
});
