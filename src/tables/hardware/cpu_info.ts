import { ifReadable } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';
import { parseCpuinfo } from '../../parse/cpuinfo.ts';
import { parseSmbios, SMBIOS_PATH, SMBIOS_PROCESSOR, type SmbiosStructure } from '../../parse/smbios.ts';
import { integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** Prefixes of `device_id` by processor type, DSP0134 7.5.1. */
const DEVICE_NAMES: ReadonlyMap<number, string> = new Map([
  [3, 'CPU'],
  [4, 'MATH'],
  [5, 'DSP'],
  [6, 'GPU'],
]);

/** What a socket found in `/proc/cpuinfo` is: a central processor; populated (bit 6) and enabled (1). */
const CENTRAL = 3;
const POPULATED_AND_ENABLED = 0x41;

/** Sources: the firmware's SMBIOS table; `/proc/cpuinfo` where that is absent or closed (virtual machines, not root). */
export const cpuInfo = table({
  name: 'cpu_info',
  description: 'Processors of the machine, a row a socket.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    device_id: text('Kind and number of the processor: CPU0'),
    model: text('Model as its maker calls it'),
    manufacturer: text('Maker of the processor'),
    processor_type: text('SMBIOS type of processor: 3 central, 4 math, 5 signal, 6 video'),
    cpu_status: integer('SMBIOS status: bit 6 populated, bits 0 to 2 how it works (1 enabled)'),
    number_of_cores: text('Cores of the processor'),
    logical_processors: integer('Hardware threads of the processor'),
    address_width: text('32 or 64 bits'),
    current_clock_speed: integer('Frequency in MHz: at boot by SMBIOS, else now'),
    max_clock_speed: integer('Highest frequency in MHz that the processor is made for'),
    socket_designation: text('Name of the socket on the board'),
    availability: text('Availability and status', { platforms: ['windows'] }),
    load_percentage: integer('Load in percent', { platforms: ['windows'] }),
    number_of_efficiency_cores: integer('Cores that save energy', { platforms: ['darwin'] }),
    number_of_performance_cores: integer('Cores that are fast', { platforms: ['darwin'] }),
  },
  examples: ['select model, number_of_cores, logical_processors from cpu_info'],
  *generate({ host, attempt, row }) {
    const { files } = host;
    const content = ifReadable(() => files.readBytes(SMBIOS_PATH, { limit: 1024 * 1024 }));
    const structures = content === undefined ? [] : [...parseSmbios(content)];
    const processors = structures.filter(({ type }) => type === SMBIOS_PROCESSOR).map(fromSmbios);
    if (processors.length === 0)
      processors.push(...fromKernel(files, attempt(() => files.readText('/proc/cpuinfo')) ?? ''));
    let number = 0;
    for (const { kind, ...cells } of processors) {
      const prefix = DEVICE_NAMES.get(kind);
      yield row({
        device_id: prefix === undefined ? '' : `${prefix}${number++}`,
        processor_type: `${kind}`,
        ...cells,
      });
    }
  },
});

interface ProcessorCells {
  readonly kind: number;
  readonly model: string;
  readonly manufacturer: string;
  readonly cpu_status: number;
  readonly number_of_cores: string;
  readonly logical_processors: number | undefined;
  readonly address_width: string;
  readonly current_clock_speed: number | undefined;
  readonly max_clock_speed: number | undefined;
  readonly socket_designation: string;
}

/** DSP0134, 7.5. Counts of 255 and more stand in fields of their own, since version 3.0. */
function fromSmbios(structure: SmbiosStructure): ProcessorCells {
  const count = (short: number, long: number): number | undefined => {
    const value = structure.u8(short);
    return value === 0xff ? (structure.u16(long) ?? value) : value;
  };
  const characteristics = structure.u16(0x26) ?? 0;
  return {
    kind: structure.u8(0x05) ?? 0,
    model: structure.string(0x10),
    manufacturer: structure.string(0x07),
    cpu_status: structure.u8(0x18) ?? 0,
    number_of_cores: `${count(0x23, 0x2a) ?? ''}`,
    logical_processors: count(0x25, 0x2e),
    address_width: (characteristics & 0x4) !== 0 ? '64' : '32',
    current_clock_speed: structure.u16(0x16),
    max_clock_speed: structure.u16(0x14),
    socket_designation: structure.string(0x04),
  };
}

function fromKernel(files: Files, content: string): ProcessorCells[] {
  const { sockets, processors } = parseCpuinfo(content);
  const kilohertz = Number(ifReadable(() => files.readText('/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq')));
  return sockets.map((members, socket) => {
    const [first] = members;
    const clock = first?.clock === undefined ? undefined : Math.round(first.clock);
    // `lm`: long mode of x86. Other processors that Node.js runs on have 64 bits.
    const isWide = processors[0]?.flags.has('fpu') ? processors[0].flags.has('lm') : true;
    return {
      kind: CENTRAL,
      model: first?.modelName ?? '',
      manufacturer: first?.vendor ?? '',
      cpu_status: POPULATED_AND_ENABLED,
      number_of_cores: `${first?.socketCores ?? members.length}`,
      logical_processors: members.length,
      address_width: isWide ? '64' : '32',
      current_clock_speed: clock,
      max_clock_speed: kilohertz > 0 ? Math.round(kilohertz / 1000) : clock,
      socket_designation: `${first?.socket || socket}`,
    };
  });
}
