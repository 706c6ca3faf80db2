import { parseBlocks } from '../base/colon-fields.ts';

/** `/proc/cpuinfo`, `proc_cpuinfo(5)`, which looks different on each architecture: what is not told is '' or undefined. */
export interface CpuInfo {
  /** Logical processors that are online. */
  readonly processors: readonly Processor[];
  /** Processors by socket (`physical id`), in order of appearance; one socket where the file does not tell. */
  readonly sockets: readonly (readonly Processor[])[];
  /** Distinct cores; the number of processors where the file does not tell. */
  readonly cores: number;
}

export interface Processor {
  readonly vendor: string;
  readonly modelName: string;
  /** Model number. */
  readonly model: string;
  readonly microcode: string;
  /** MHz, of the moment. */
  readonly clock: number | undefined;
  readonly socket: string;
  readonly core: string;
  /** Logical processors of the socket, if told. */
  readonly siblings: number | undefined;
  /** Cores of the socket, if told. */
  readonly socketCores: number | undefined;
  readonly flags: ReadonlySet<string>;
}

export function parseCpuinfo(content: string): CpuInfo {
  const processors = parseBlocks(content)
    .filter((fields) => fields.has('processor'))
    .map(processor);
  const sockets = Map.groupBy(processors, ({ socket }) => socket);
  const told = processors.filter(({ socket, core }) => socket !== '' && core !== '');
  const cores = new Set(told.map(({ socket, core }) => `${socket}/${core}`));
  return { processors, sockets: [...sockets.values()], cores: cores.size || processors.length };
}

function processor(fields: ReadonlyMap<string, string>): Processor {
  const number = (name: string): number | undefined => {
    const value = Number.parseFloat(fields.get(name) ?? '');
    return value >= 0 ? value : undefined;
  };
  return {
    vendor: fields.get('vendor_id') ?? '',
    modelName: fields.get('model name') ?? '',
    model: fields.get('model') ?? '',
    microcode: fields.get('microcode') ?? '',
    clock: number('cpu MHz'),
    socket: fields.get('physical id') ?? '',
    core: fields.get('core id') ?? '',
    siblings: number('siblings'),
    socketCores: number('cpu cores'),
    flags: new Set((fields.get('flags') ?? fields.get('Features') ?? '').split(' ')),
  };
}
