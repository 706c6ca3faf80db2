import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { UdevPublisher, type UeventSource } from '../../src/events/udev/publisher.ts';
import type { DeviceEvent } from '../../src/schema/device-event.ts';
import { momentOf } from '../../src/schema/event-table.ts';
import { hardwareEvents } from '../../src/tables/events/hardware_events.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { parseTree } from '../../src/testing/tree.ts';

const { files } = new MemoryHost(parseTree('/sys/devices/usb/1-1:1.0/driver -> ../../../bus/usb/drivers/usb-storage'));
const moment = momentOf(files, 1);

/** A message of the kernel. */
function message(action: string, devpath: string, properties: Readonly<Record<string, string>>): Buffer {
  const all = { ACTION: action, DEVPATH: devpath, SUBSYSTEM: 'usb', ...properties };
  return Buffer.from(
    [`${action}@${devpath}`, ...Object.entries(all).map((one) => one.join('='))].map((text) => `${text}\0`).join(''),
  );
}

function hear(messages: ReturnType<UeventSource['receive']>[], withoutTypes: readonly string[] = ['partition']) {
  const heard: DeviceEvent[] = [];
  let closed = 0;
  const source: UeventSource = { fd: 5, receive: () => messages.shift(), [Symbol.dispose]: () => void closed++ };
  const publisher = new UdevPublisher(source, new Set(withoutTypes), (event) => heard.push(event));
  let reads = 1;
  while (publisher.read()) reads += 1;
  const counts = publisher.counts;
  publisher.stop();
  assert.deepEqual([publisher.fds, closed], [[5], 1]);
  const rows = heard.flatMap((event) => [...hardwareEvents.rows(event, moment)]);
  return { heard, rows, counts, reads };
}

test('a USB stick as udev knows it', () => {
  const { rows } = hear([
    message('add', '/devices/usb/1-1', {
      DEVTYPE: 'usb_device',
      DEVNAME: '/dev/bus/usb/001/004',
      DRIVER: 'usb',
      ID_VENDOR_ID: '0781',
      ID_VENDOR_FROM_DATABASE: 'SanDisk Corp.',
      ID_MODEL_ID: '5567',
      ID_MODEL_FROM_DATABASE: 'Cruzer Blade',
      ID_SERIAL_SHORT: '4C530001',
      ID_REVISION: '0127',
    }),
  ]);
  assert.deepEqual(rows, [
    {
      action: 'add',
      path: '/dev/bus/usb/001/004',
      type: 'usb_device',
      driver: 'usb',
      vendor: 'SanDisk Corp.',
      vendor_id: '0781',
      model: 'Cruzer Blade',
      model_id: '5567',
      serial: '4C530001',
      revision: '0127',
    },
  ]);
});

test('an interface without a file has a row if it has a model and a driver', () => {
  const type = { DEVTYPE: 'usb_interface' };
  const model = { ID_MODEL_FROM_DATABASE: 'Cruzer Blade' };
  const { rows } = hear([
    message('bind', '/devices/usb/1-1:1.0', { ...type, ...model }),
    message('bind', '/devices/usb/1-1:1.0', type),
    message('bind', '/devices/usb/1-1:1.1', { ...type, ...model }),
    message('bind', '/devices/usb/1-1:1.0', model),
  ]);
  assert.deepEqual(
    rows.map(({ path, driver, model: name }) => [path, driver, name]),
    [['', 'usb-storage', 'Cruzer Blade']],
  );
});

test('types that nobody wants, and what is lost, by cause', () => {
  const disk = { DEVTYPE: 'disk', DEVNAME: 'sda' };
  const part = { DEVTYPE: 'partition', DEVNAME: 'sda1' };
  const all = () => [message('add', '/block/sda', disk), message('add', '/block/sda/sda1', part)];
  assert.deepEqual(
    hear(all()).rows.map(({ path }) => path),
    ['/dev/sda'],
  );
  assert.deepEqual(
    hear(all(), ['disk', 'usb_device']).rows.map(({ path }) => path),
    ['/dev/sda1'],
  );
  const { counts, rows } = hear([
    'overrun',
    'untrusted',
    'oversized',
    Buffer.from('no message'),
    message('add', '/a', disk),
  ]);
  assert.deepEqual(counts, {
    received: 2,
    events: 1,
    dropped: { overrun: 1, untrusted: 1, oversized: 1, malformed: 1 },
  });
  assert.equal(rows.length, 1);
});

test('a flood is read in turns', () => {
  const { heard, reads } = hear(Array.from({ length: 3000 }, (_, i) => message('change', `/block/${i}`, {})));
  assert.deepEqual(
    heard.map(({ uevent }) => uevent.devpath),
    Array.from({ length: 3000 }, (_, i) => `/block/${i}`),
  );
  assert.equal(reads, 3);
});

test('recordings of the kernel and of udev make the same rows', () => {
  const [kernel, daemon] = ['kernel', 'daemon'].map((name) => {
    const text = readFileSync(new URL(`../captures/udev-${name}.txt`, import.meta.url), 'latin1');
    const messages = text
      .trimEnd()
      .split('\n')
      .map((line) => Buffer.from(line, 'hex'));
    return hear(messages).rows;
  });
  assert.deepEqual(kernel, daemon);
  assert.deepEqual(
    kernel!.map(({ action, path, type }) => `${action} ${path} ${type}`),
    [...Array(5).fill('change /dev/loop0 disk'), 'change /dev/zram0 disk'],
  );
});
