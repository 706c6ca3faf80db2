/** Small formats of procfs and of `/etc`; whole files of them are on the fake machines, see the goldens. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCpuinfo } from '../../src/parse/cpuinfo.ts';
import { parseHardwareUuid } from '../../src/parse/hardware-uuid.ts';
import { parseMounts } from '../../src/parse/mounts.ts';
import { parseOsRelease, parseReleaseLine } from '../../src/parse/os-release.ts';
import { busInfo } from '../../src/parse/sysfs-device.ts';
import { decodeUdevValue } from '../../src/parse/udev-database.ts';

test('os-release: quotes and escapes as in a shell', () => {
  const values = parseOsRelease(
    ['A="x \\"y\\" \\$z \\\\"', "B='it is $raw'", 'C=plain', '#D=no', 'E=""', 'F="', 'C=later', 'no'].join('\n'),
  );
  assert.deepEqual(Object.fromEntries(values), { A: 'x "y" $z \\', B: 'it is $raw', C: 'later', E: '', F: '' });
});

test('release files of the Red Hat family', () => {
  assert.deepEqual(parseReleaseLine('CentOS Linux release 7.9.2009 (Core)'), {
    name: 'CentOS Linux',
    major: 7,
    minor: 9,
    patch: 2009,
  });
  assert.deepEqual(parseReleaseLine('Red Hat Enterprise Linux release 9.3 (Plow)'), {
    name: 'Red Hat Enterprise Linux',
    major: 9,
    minor: 3,
    patch: 0,
  });
  assert.equal(parseReleaseLine('Fedora release 40 (Forty)'), undefined);
  assert.equal(parseReleaseLine(`${' 1'.repeat(100_000)}.`), undefined);
});

test('mounts: what the kernel escapes', () => {
  const [mount] = parseMounts('/dev/sdb1 /mnt/a\\040b\\134040\\043 ext4 rw 0 0\n');
  assert.equal(mount?.path, '/mnt/a b\\040#');
});

test('cpuinfo of ARM tells neither cores nor sockets', () => {
  const cpu = parseCpuinfo('processor\t: 0\nFeatures\t: fp asimd\n\nprocessor\t: 1\n\nHardware\t: Example\n');
  assert.equal(cpu.processors.length, 2);
  assert.equal(cpu.cores, 2);
  assert.equal(cpu.sockets.length, 1);
  assert.ok(cpu.processors[0]?.flags.has('asimd'));
});

test('UUIDs that makers forgot to set are none', () => {
  assert.equal(parseHardwareUuid('03000200-0400-0500-0006-000700080009\n'), undefined);
  assert.equal(parseHardwareUuid('\0\0\n'), undefined);
  assert.equal(
    parseHardwareUuid(' 3F2E1D0C-4B5A-6978-8796-A5B4C3D2E1F0\0junk\n'),
    '3F2E1D0C-4B5A-6978-8796-A5B4C3D2E1F0',
  );
});

test('bus addresses as drivers report them', () => {
  const pci = '/sys/devices/pci0000:00';
  assert.equal(busInfo(`${pci}/0000:00:1f.6`), '0000:00:1f.6');
  assert.equal(busInfo(`${pci}/0000:00:05.0/virtio2`), '0000:00:05.0');
  assert.equal(busInfo(`${pci}/0000:00:14.0/usb1/1-1/1-1.2/1-1.2:1.0`), 'usb-0000:00:14.0-1.2');
  assert.equal(busInfo('/sys/devices/vif-0'), 'vif-0');
  assert.equal(busInfo(''), '');
});

test('udev writes unsafe bytes of a label in hex', () => {
  assert.equal(decodeUdevValue('EFI\\x20caf\\xc3\\xa9\\\\'), 'EFI café\\\\');
});
