/** What tables about the machine do beyond the goldens: constraints, what they do not read, where they look instead. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host } from '../../src/host/host.ts';
import { cpuInfo } from '../../src/tables/hardware/cpu_info.ts';
import { platformInfo } from '../../src/tables/hardware/platform_info.ts';
import { mounts } from '../../src/tables/system/mounts.ts';
import { osVersion } from '../../src/tables/system/os_version.ts';
import { systemControls } from '../../src/tables/system/system_controls.ts';
import { systemInfo } from '../../src/tables/system/system_info.ts';
import { time } from '../../src/tables/system/time.ts';
import { fakeKernel } from '../../src/testing/fake-kernel.ts';
import { loadMachine } from '../../src/testing/machines.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { runTable } from '../../src/testing/run-table.ts';
import { parseTree } from '../../src/testing/tree.ts';

const debian = loadMachine('debian');

function machine(tree: string): MemoryHost {
  return new MemoryHost(parseTree(tree));
}

/** The same machine, with the paths that are read or listed. */
function watched(host: Host): { host: Host; paths: string[] } {
  const paths: string[] = [];
  const files = new Proxy(host.files, {
    get(target, name) {
      const method = Reflect.get(target, name, target);
      return typeof method !== 'function'
        ? method
        : (path: string, ...rest: unknown[]) => {
            paths.push(path);
            return method.call(target, path, ...rest);
          };
    },
  });
  return { host: { platform: 'linux', files, kernel: host.kernel, within: (pid) => host.within(pid) }, paths };
}

test('system_controls by name gives what the whole table has of it, and walks no further', () => {
  const all = runTable(systemControls, debian).rows;
  for (const row of all) {
    const { host, paths } = watched(debian);
    assert.deepEqual(runTable(systemControls, host, { where: { name: row.name as string } }).rows, [row]);
    assert.ok(!paths.includes('/proc/sys'), 'the whole tree was listed');
  }
  for (const name of [
    '',
    '.',
    'net',
    'net.ipv4',
    'net..ipv4.ip_forward',
    'kernel/printk',
    '../kernel.printk',
    'a'.repeat(9999),
  ]) {
    assert.deepEqual(runTable(systemControls, debian, { where: { name } }).rows, [], name);
  }
});

test('system_controls by subsystem lists that directory alone', () => {
  const { host, paths } = watched(debian);
  const { rows } = runTable(systemControls, host, { where: { subsystem: ['vm', 'no/such'] }, uses: ['name'] });
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['vm.swappiness', 'vm.compact_memory', 'vm.stat_refresh'],
  );
  assert.deepEqual(paths, ['/proc/sys', '/proc/sys/vm']);
});

test('a parameter that does work when it is read is never read', () => {
  const { host, paths } = watched(debian);
  runTable(systemControls, host);
  assert.ok(paths.includes('/proc/sys/vm/swappiness'));
  assert.ok(!paths.includes('/proc/sys/vm/stat_refresh'));
});

test('mounts asks no file system for its size unless the query wants it, and an automounter never', () => {
  const asked: string[] = [];
  const kernel = { ...fakeKernel({}), fileSystem: (path: string) => void asked.push(path) };
  const host: Host = { platform: 'linux', files: debian.files, kernel, within: (pid) => debian.within(pid) };
  assert.equal(runTable(mounts, host, { uses: ['path', 'type', 'device_alias'] }).rows.length, 6);
  assert.deepEqual(asked, []);
  const { rows } = runTable(mounts, host, { uses: ['blocks'] });
  assert.deepEqual(asked, ['/sys', '/proc', '/', '/boot/efi', '/srv/big data']);
  assert.ok(rows.every(({ blocks }) => blocks === 0));
});

const IDENTIFIERS = `
/sys/class/dmi/id/bios_vendor
| Example Firmware Inc.
/sys/class/dmi/id/bios_version
| 1.2
/sys/class/dmi/id/bios_date
| 01/02/2024
/sys/class/dmi/id/bios_release
| 1.2
/sys/class/dmi/id/sys_vendor
| LENOVO
/sys/class/dmi/id/product_name
| 20XX0001
/sys/class/dmi/id/product_version
| ExampleBook 9
/sys/class/dmi/id/product_serial error=EACCES
/sys/class/dmi/id/board_name
| 20XXB
/sys/firmware/dmi/tables/DMI error=EACCES
`;

test('who may not read the firmware table reads what the kernel shows of it to all', () => {
  const host = machine(IDENTIFIERS);
  const [firmware] = runTable(platformInfo, host).rows;
  assert.deepEqual(firmware, {
    vendor: 'Example Firmware Inc.',
    version: '1.2',
    date: '01/02/2024',
    revision: '1.2',
    extra: '',
    firmware_type: 'bios',
    address: '',
    size: '',
    volume_size: 0,
  });
  const { rows, warnings } = runTable(systemInfo, host);
  assert.equal(rows[0]?.hardware_model, 'ExampleBook 9');
  assert.equal(rows[0]?.hardware_version, '20XX0001');
  assert.equal(rows[0]?.hardware_serial, '');
  assert.equal(rows[0]?.board_model, '20XXB');
  assert.deepEqual(warnings, []);
});

test('system_info without a UUID of the hardware has that of the installation', () => {
  const host = machine('/sys/class/dmi/id/product_uuid\n| 03000200-0400-0500-0006-000700080009\n');
  assert.match(runTable(systemInfo, host).rows[0]?.uuid as string, /^8f6d1c52-/);
});

test('cpu_info without a firmware table counts sockets as the kernel does', () => {
  const cpuinfo = debian.files.readText('/proc/cpuinfo').replaceAll(/^/gm, '| ');
  const host = machine(
    `/proc/cpuinfo\n${cpuinfo}\n/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq\n| 4000000\n`.replace(
      /^\| \n/gm,
      '|\n',
    ),
  );
  const { rows } = runTable(cpuInfo, host);
  assert.equal(rows.length, 2);
  assert.deepEqual(rows[1], {
    device_id: 'CPU1',
    model: 'Example(R) Server CPU 8000 @ 2.40GHz',
    manufacturer: 'ExampleGenuine',
    processor_type: '3',
    cpu_status: 65,
    number_of_cores: '2',
    logical_processors: 4,
    address_width: '64',
    current_clock_speed: 2400,
    max_clock_speed: 4000,
    socket_designation: '1',
  });
});

test('os_version of other distributions', () => {
  const version = (tree: string) => {
    const { name, version, major, minor, patch, platform, platform_like, codename, build } = runTable(
      osVersion,
      machine(tree),
    ).rows[0]!;
    return [name, version, major, minor, patch, platform, platform_like, codename, build];
  };
  assert.deepEqual(
    version(
      '/etc/os-release\n| NAME="Ubuntu"\n| VERSION_ID="22.04"\n| VERSION="22.04.4 LTS (Jammy Jellyfish)"\n| ID=ubuntu\n| ID_LIKE=debian\n| UBUNTU_CODENAME=jammy\n',
    ),
    ['Ubuntu', '22.04.4 LTS (Jammy Jellyfish)', 22, 4, 4, 'ubuntu', 'debian', 'jammy', ''],
  );
  assert.deepEqual(version('/etc/os-release\n| NAME="Alpine Linux"\n| ID=alpine\n| VERSION_ID=3.19.1\n'), [
    'Alpine Linux',
    '',
    3,
    19,
    1,
    'alpine',
    '',
    '',
    '',
  ]);
  assert.deepEqual(version('/usr/lib/os-release\n| NAME="Arch Linux"\n| ID=arch\n| BUILD_ID=rolling\n'), [
    'Arch Linux',
    '',
    0,
    0,
    0,
    'arch',
    '',
    '',
    'rolling',
  ]);
  assert.deepEqual(
    version(
      '/etc/os-release\n| NAME="Red Hat Enterprise Linux"\n| ID="rhel"\n| ID_LIKE="fedora"\n| VERSION_ID="9.3"\n| VERSION="9.3 (Plow)"\n/etc/redhat-release\n| Red Hat Enterprise Linux release 9.3 (Plow)\n',
    ),
    ['Red Hat Enterprise Linux', 'Red Hat Enterprise Linux release 9.3 (Plow)', 9, 3, 0, 'rhel', 'rhel', '', ''],
  );
  assert.deepEqual(
    version(
      '/etc/os-release\n| NAME="CentOS Stream"\n| ID="centos"\n| VERSION_ID="9"\n/etc/redhat-release\n| CentOS  Stream release 9 \n',
    ),
    ['CentOS Stream', 'CentOS Stream release 9', 9, 0, 0, 'rhel', 'rhel', '', ''],
  );
});

test('time: a single digit of the day has a space before it; a zone may be a rule of its own', () => {
  const kernel = fakeKernel({ now: '2024-12-05T03:04:09.987Z', timeZone: 'NZST-12NZDT,M9.5.0,M4.1.0/3' });
  const [row] = runTable(time, new MemoryHost(parseTree(''), kernel)).rows;
  assert.equal(row?.timestamp, 'Thu Dec  5 03:04:09 2024 UTC');
  assert.equal(row?.local_timezone, 'NZDT');
  assert.equal(row?.unix_time, 1733367849);
});

test('a zone that TZ spells out is not that of the machine', () => {
  const zoneOf = (timeZone: string) => {
    const kernel = fakeKernel({ now: '2024-12-05T03:04:09Z', timeZone });
    const host: Host = { platform: 'linux', files: debian.files, kernel, within: (pid) => debian.within(pid) };
    return runTable(time, host).rows[0]?.local_timezone;
  };
  assert.equal(zoneOf('/etc/localtime'), 'CET');
  assert.equal(zoneOf('NZST-12NZDT,M9.5.0,M4.1.0/3'), 'NZDT');
  assert.equal(zoneOf('<+0530>-5:30'), '+0530');
  assert.equal(zoneOf('No/Such'), 'UTC');
});
