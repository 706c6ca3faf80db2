import { ifReadable } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';
import { type CpuInfo, parseCpuinfo } from '../../parse/cpuinfo.ts';
import { parseHardwareUuid } from '../../parse/hardware-uuid.ts';
import { parseHosts } from '../../parse/hosts.ts';
import { parseMeminfo } from '../../parse/meminfo.ts';
import { parseSmbios, SMBIOS_BASEBOARD, SMBIOS_PATH, SMBIOS_SYSTEM } from '../../parse/smbios.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/**
 * Sources: `/proc/cpuinfo`, `/proc/meminfo`, `/proc/sys/kernel`, `/etc/hosts`; the firmware's SMBIOS table, which only
 * root may read, and what `/sys/class/dmi/id` shows of it to all.
 */
export const systemInfo = table({
  name: 'system_info',
  description: 'The machine: names, processors, memory, maker and model.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    hostname: text('Full name of the machine, with its domain if the hosts file gives one'),
    uuid: text('UUID of the hardware; of this installation where the hardware has none', { collate: 'nocase' }),
    cpu_type: text('Architecture, as uname -m'),
    cpu_subtype: text('Model number of the processor; 0 if unknown'),
    cpu_brand: text('Name of the processor with its maker'),
    cpu_physical_cores: integer('Cores of all processors'),
    cpu_logical_cores: integer('Logical processors, hardware threads counted'),
    cpu_sockets: integer('Processor packages'),
    cpu_microcode: text('Version of the microcode in use'),
    physical_memory: bigint('Main memory the kernel can use, in bytes'),
    hardware_vendor: text('Maker of the machine'),
    hardware_model: text('Model of the machine'),
    hardware_version: text('Version of the model'),
    hardware_serial: text('Serial number of the machine'),
    board_vendor: text('Maker of the main board'),
    board_model: text('Model of the main board'),
    board_version: text('Version of the main board'),
    board_serial: text('Serial number of the main board'),
    computer_name: text('Name of the machine as it is set'),
    local_hostname: text('As hostname'),
    emulated_cpu_type: text('Architecture that is emulated', { platforms: ['windows'] }),
  },
  examples: ['select hostname, hardware_vendor, hardware_model from system_info', 'select uuid from system_info'],
  *generate({ host, agent, uses, attempt, row }) {
    const { files, kernel } = host;
    const identity = kernel?.identity();
    const name =
      identity?.node ?? readLine(files, '/proc/sys/kernel/hostname') ?? readLine(files, '/etc/hostname') ?? '';
    const hostname = uses('hostname', 'local_hostname') ? canonicalName(files, name) : '';
    const cpu = parseCpuinfo(attempt(() => files.readText('/proc/cpuinfo')) ?? '');
    const first = cpu.processors[0];
    const memory = parseMeminfo(attempt(() => files.readText('/proc/meminfo')) ?? '');
    yield row({
      hostname,
      uuid: uses('uuid') ? (hardwareUuid(files) ?? agent.info.uuid) : '',
      cpu_type: identity?.machine ?? readLine(files, '/proc/sys/kernel/arch'),
      cpu_subtype: first?.model || '0',
      cpu_brand: first?.modelName,
      cpu_physical_cores: cpu.cores || undefined,
      cpu_logical_cores: cpu.processors.length || undefined,
      cpu_sockets: sockets(cpu),
      cpu_microcode: first?.microcode,
      physical_memory: memory.get('MemTotal'),
      ...hardware(files),
      computer_name: name,
      local_hostname: hostname,
    });
  },
});

function readLine(files: Files, path: string): string | undefined {
  return ifReadable(() => files.readText(path).trim());
}

/** The first name of the first line that has `name`, as the name service finds it. */
function canonicalName(files: Files, name: string): string {
  const wanted = name.toLowerCase();
  const entries = parseHosts(readLine(files, '/etc/hosts') ?? '');
  return entries.find(({ names }) => names.some((each) => each.toLowerCase() === wanted))?.names[0] ?? name;
}

function hardwareUuid(files: Files): string | undefined {
  return parseHardwareUuid(readLine(files, '/sys/class/dmi/id/product_uuid') ?? '');
}

function sockets({ processors, sockets: told }: CpuInfo): number | undefined {
  const siblings = processors.at(-1)?.siblings ?? 0;
  return (siblings > 0 ? Math.floor(processors.length / siblings) : told.length) || undefined;
}

function hardware(files: Files) {
  const system = { vendor: '', model: '', version: '', serial: '' };
  const board = { vendor: '', model: '', version: '', serial: '' };
  const content = ifReadable(() => files.readBytes(SMBIOS_PATH, { limit: 1024 * 1024 }));
  if (content !== undefined) {
    for (const structure of parseSmbios(content)) {
      const part = structure.type === SMBIOS_SYSTEM ? system : structure.type === SMBIOS_BASEBOARD ? board : undefined;
      if (part === undefined) continue;
      part.vendor = structure.string(0x04);
      part.model = structure.string(0x05);
      part.version = structure.string(0x06);
      part.serial = structure.string(0x07);
    }
  } else {
    const id = (name: string) => readLine(files, `/sys/class/dmi/id/${name}`) ?? '';
    system.vendor = id('sys_vendor');
    system.model = id('product_name');
    system.version = id('product_version');
    system.serial = id('product_serial');
    board.vendor = id('board_vendor');
    board.model = id('board_name');
    board.version = id('board_version');
    board.serial = id('board_serial');
  }
  // Lenovo has the name of the model where others have its version, and the article number where others have the name.
  if (system.vendor.toLowerCase() === 'lenovo') [system.model, system.version] = [system.version, system.model];
  return {
    hardware_vendor: system.vendor,
    hardware_model: system.model,
    hardware_version: system.version,
    hardware_serial: system.serial,
    board_vendor: board.vendor,
    board_model: board.model,
    board_version: board.version,
    board_serial: board.serial,
  };
}
