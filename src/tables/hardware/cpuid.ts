import type { Kernel } from '../../host/host.ts';
import { integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

type Register = 'eax' | 'ebx' | 'ecx' | 'edx';

/** Bits that tell what the processor can do, by leaf and register (Intel SDM volume 2A, AMD APM volume 3, appendix E). */
const FEATURES: readonly (readonly [leaf: number, register: Register, bits: Readonly<Record<string, number>>])[] = [
  [
    1,
    'edx',
    {
      pae: 6,
      msr: 5,
      sep: 11,
      mtrr: 12,
      pge: 13,
      mca: 14,
      pat: 16,
      clfsh: 19,
      acpi: 22,
      mmz: 23,
      sse: 25,
      sse2: 26,
      ss: 27,
      htt: 28,
      ia64: 30,
    },
  ],
  [
    1,
    'ecx',
    {
      sse3: 0,
      vmx: 5,
      smx: 6,
      ssse3: 9,
      sdbg: 11,
      pdcm: 15,
      pcid: 17,
      dca: 18,
      'sse4.1': 19,
      'sse4.2': 20,
      aes: 25,
      avx: 28,
      hypervisor: 31,
    },
  ],
  [
    7,
    'ebx',
    {
      sgx: 2,
      hle: 4,
      avx2: 5,
      smep: 7,
      bmi2: 8,
      erms: 9,
      invpcid: 10,
      rtm: 11,
      pqm: 12,
      mpx: 14,
      pqe: 15,
      avx512f: 16,
      avx512dq: 17,
      rdseed: 18,
      adx: 19,
      smap: 20,
      intel_pt: 25,
      sha: 29,
    },
  ],
  [7, 'ecx', { umip: 2, pku: 3, ospke: 4, gfni: 8, vaes: 9, sgx_lc: 30 }],
  [7, 'edx', { spec_ctrl: 26 }],
  [0x80000001, 'ecx', { lahfsahf: 0, svm: 2, '3dnowprefetch': 8, ibs: 10, skinit: 12, lwp: 15 }],
  [0x80000001, 'edx', { nx: 20, page1gb: 26, lm: 29 }],
];

/** Source: the CPUID instruction of x86 processors; other processors have no rows. */
export const cpuid = table({
  name: 'cpuid',
  description: 'What an x86 processor says about itself: names, identifiers, features.',
  platforms: ['linux', 'darwin', 'windows'],
  live: true,
  columns: {
    feature: text('Name of the feature or of the piece of information'),
    value: text('1 or 0 for a feature; a text or hex digits for the rest'),
    output_register: text('Registers the value is read from'),
    output_bit: integer('Bit of the register; 0 for values longer than a bit'),
    input_eax: text('Leaf that is asked, the value of eax before the instruction'),
  },
  examples: ["select value from cpuid where feature = 'product_name'", "select feature from cpuid where value = '1'"],
  *generate({ kernel, row }) {
    for (const entry of [...strings(kernel), ...features(kernel), ...enclaves(kernel)]) yield row(entry);
  },
});

interface Entry {
  readonly feature: string;
  readonly value: string;
  readonly output_register: string;
  readonly output_bit: number;
  readonly input_eax: string;
}

function* strings(kernel: Kernel): Generator<Entry> {
  const basic = kernel.cpuid(0, 0);
  if (basic === undefined || basic.eax < 1) return;
  yield {
    feature: 'vendor',
    value: characters(basic.ebx, basic.edx, basic.ecx),
    output_register: 'ebx,edx,ecx',
    output_bit: 0,
    input_eax: '0',
  };
  const name = [0x80000002, 0x80000003, 0x80000004].map((leaf) => registers(kernel, leaf));
  yield {
    feature: 'product_name',
    value: characters(...name.flatMap(({ eax, ebx, ecx, edx }) => [eax, ebx, ecx, edx])),
    output_register: 'eax,ebx,ecx,edx',
    output_bit: 0,
    input_eax: '0x80000002',
  };
  const hypervisor = registers(kernel, 0x40000000);
  if (hypervisor.eax !== 0) {
    yield {
      feature: 'hypervisor_id',
      // The highest leaf comes first, then the first eight characters of the name.
      value: hex(hypervisor.eax, hypervisor.ebx, hypervisor.ecx),
      output_register: 'ebx,ecx,edx',
      output_bit: 0,
      input_eax: '0x40000000',
    };
  }
  const signature = registers(kernel, 1);
  const serial = registers(kernel, 3);
  yield {
    feature: 'serial',
    value: hex(signature.eax, serial.eax, serial.edx),
    output_register: 'eax,eax,ecx',
    output_bit: 0,
    input_eax: '1,3',
  };
  yield {
    feature: 'family',
    value: (signature.eax & 0xf00).toString(16).padStart(4, '0'),
    output_register: 'eax',
    output_bit: 0,
    input_eax: '1',
  };
}

function* features(kernel: Kernel): Generator<Entry> {
  for (const [leaf, register, bits] of FEATURES) {
    const answer = kernel.cpuid(leaf, 0);
    if (answer === undefined) continue;
    for (const [feature, bit] of Object.entries(bits)) {
      const value = `${(answer[register] >>> bit) & 1}`;
      yield { feature, value, output_register: register, output_bit: bit, input_eax: `${leaf}` };
    }
  }
}

/** Leaf 0x12: software guard extensions. */
function* enclaves(kernel: Kernel): Generator<Entry> {
  for (const [subleaf, inputEax] of [
    [0, '18'],
    [1, '18,1'],
  ] as const) {
    const answer = kernel.cpuid(0x12, subleaf);
    if (answer === undefined) continue;
    yield {
      feature: `sgx${subleaf}`,
      value: hex(answer.eax, answer.ebx, answer.ecx, answer.edx),
      output_register: 'eax,ebx,ecx,edx',
      output_bit: 0,
      input_eax: inputEax,
    };
  }
}

function registers(kernel: Kernel, leaf: number): Readonly<Record<Register, number>> {
  return kernel.cpuid(leaf, 0) ?? { eax: 0, ebx: 0, ecx: 0, edx: 0 };
}

/** Four characters a register, up to the first NUL. */
function characters(...words: readonly number[]): string {
  return Buffer.from(Uint32Array.from(words).buffer).latin1Slice().split('\0', 1)[0]!;
}

function hex(...words: readonly number[]): string {
  return words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
