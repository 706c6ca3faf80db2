import { HostError, ifReadable, MalformedInput, UserError } from '../../base/errors.ts';
import { KernelSamples } from '../../events/bpf/kernel-samples.ts';
import { BpfPublisher, type SampleSource } from '../../events/bpf/publisher.ts';
import { refusal } from '../../events/bpf/refusal.ts';
import { bootedAt } from '../../host/linux/booted-at.ts';
import { tracepointNumber } from '../../host/linux/bpf/tracepoints.ts';
import { LinuxHost } from '../../host/linux/linux-host.ts';
import { Btf } from '../../parse/btf.ts';
import { parseProcessorList } from '../../parse/processor-list.ts';
import type { Starter, StarterParts } from './starter.ts';

/** The types of the running kernel, with `CONFIG_DEBUG_INFO_BTF`. */
const TYPES = '/sys/kernel/btf/vmlinux';

/** Processors, `Documentation/admin-guide/cputopology.rst`. */
const ONLINE = '/sys/devices/system/cpu/online';

/** What a kernel that is locked down keeps from root, too: `kernel_lockdown(7)`. */
const LOCKDOWN = '/sys/kernel/security/lockdown';

const { files, kernel } = new LinuxHost();

/** Hears programs and sockets with eBPF. */
export const bpf: Starter = {
  name: 'BPFEventPublisher',
  isOn: (options) => options.bool('enable_bpf_events'),
  onlyIfRead: (options) => !options.isSet('enable_bpf_events'),
  tableFlags: {},
  start(parts) {
    return new BpfPublisher(parts.recording?.bpf() ?? kernelSamples(parts), parts.emit, parts.now, bootedAt);
  },
};

function kernelSamples({ options, tables }: StarterParts): SampleSource {
  const wanted = {
    processEvents: tables.includes('bpf_process_events'),
    socketEvents: tables.includes('bpf_socket_events'),
    ringSize: ringSize(options.number('bpf_ring_buffer_size')),
  };
  try {
    const processors = parseProcessorList(files.readText(ONLINE));
    return new KernelSamples(new Btf(files.readBytes(TYPES), TYPES), wanted, processors, tracepointNumber);
  } catch (cause) {
    if (!(cause instanceof HostError || cause instanceof MalformedInput)) throw cause;
    const machine = {
      release: kernel!.identity().release,
      hasTypes: files.exists(TYPES),
      lockdown: ifReadable(() => files.readText(LOCKDOWN)) ?? '',
      isRoot: kernel!.uid === 0,
    };
    throw new UserError(refusal(machine, cause.message));
  }
}

/** A power of two, at least a page of any machine. */
function ringSize(bytes: number): number {
  const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, MIN_RING)));
  if (size > MAX_RING) throw new UserError(`bpf_ring_buffer_size: at most ${MAX_RING}`);
  return size;
}

const MIN_RING = 64 * 1024;
const MAX_RING = 256 * 1024 * 1024;
