import { koffi, libc } from './native.ts';

export interface Registers {
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

/** `void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])` in the System V calling convention. */
const CODE = Buffer.from(
  [
    'f30f1efa', // endbr64
    '53', // push rbx, which belongs to the caller
    '89f8', // mov eax, edi
    '89f1', // mov ecx, esi
    '4989d0', // mov r8, rdx
    '0fa2', // cpuid
    '418900', // mov [r8], eax
    '41895804', // mov [r8+4], ebx
    '41894808', // mov [r8+8], ecx
    '4189500c', // mov [r8+12], edx
    '5b', // pop rbx
    'c3', // ret
  ].join(''),
  'hex',
);

const PAGE_BYTES = 4096;
const PROT_READ_WRITE = 1 | 2;
const PROT_READ_EXEC = 1 | 4;
const MAP_PRIVATE_ANONYMOUS = 2 | 0x20;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

let call: ((leaf: number, subleaf: number, out: Buffer) => void) | undefined | 'refused';

export function cpuid(leaf: number, subleaf: number): Registers | undefined {
  call ??= assemble() ?? 'refused';
  if (call === 'refused') return undefined;
  const out = Buffer.alloc(16);
  call(leaf >>> 0, subleaf >>> 0, out);
  return {
    eax: out.readUInt32LE(0),
    ebx: out.readUInt32LE(4),
    ecx: out.readUInt32LE(8),
    edx: out.readUInt32LE(12),
  };
}

/** One page for the life of the process, never writable and executable at once: hardened kernels refuse that. */
function assemble(): Exclude<typeof call, 'refused'> {
  if (process.arch !== 'x64') return undefined;
  const map = libc('uintptr_t mmap(void *at, size_t length, int protection, int flags, int fd, intptr_t offset)');
  const page = BigInt(map(null, PAGE_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0));
  if (page === MAP_FAILED) return undefined;
  new Uint8Array(koffi().view(page, CODE.length)).set(CODE);
  const protect = libc('int mprotect(void *at, size_t length, int protection)');
  if (protect(page, PAGE_BYTES, PROT_READ_EXEC) !== 0) {
    libc('int munmap(void *at, size_t length)')(page, PAGE_BYTES);
    return undefined;
  }
  const prototype = koffi().proto('void osquery_cpuid(uint32_t leaf, uint32_t subleaf, void *out)');
  return (leaf, subleaf, out) => koffi().call(page, prototype, leaf, subleaf, out);
}
