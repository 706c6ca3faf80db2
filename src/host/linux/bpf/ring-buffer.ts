import { HostError } from '../../../base/errors.ts';
import { errnoName } from '../errors.ts';
import { errno, koffi, libc } from '../native.ts';
import { closeAll, createMap } from './kernel.ts';

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const FAILED = -1;
/** `_SC_PAGESIZE` of `sysconf(3)`. */
const SC_PAGESIZE = 30;
/** Bits of the length before a record, and its bytes: `BPF_RINGBUF_*` of `include/uapi/linux/bpf.h`. */
const BUSY = 0x80000000;
const DISCARDED = 0x40000000;
const HEADER = 8;
const LENGTH = 0x3fffffff;

/** A ring that programs in the kernel write to and we read, without a copy; `BPF_MAP_TYPE_RINGBUF`. */
export class RingBuffer implements Disposable {
  /** Readable when there is something. */
  readonly fd: number;
  readonly #mapped: readonly (readonly [address: bigint, length: number])[];
  /** How far we and the kernel are, bytes since the start. */
  readonly #consumed: BigUint64Array;
  readonly #produced: BigUint64Array;
  /** Mapped twice, one after the other: a record never wraps. Writing here is a SIGSEGV. */
  readonly #data: Buffer;
  readonly #lengths: Int32Array;
  readonly #size: number;

  /** `size`: bytes, a power of two and at least a page. Throws `HostError`. */
  constructor(name: string, size: number) {
    this.fd = createMap('ringBuffer', name, 0, 0, size);
    this.#size = size;
    const page = Number(libc('long sysconf(int name)')(SC_PAGESIZE));
    const mapped: (readonly [bigint, number])[] = [];
    this.#mapped = mapped;
    const map = (length: number, protection: number, offset: number): ArrayBuffer => {
      const mmap = libc(
        'intptr_t mmap(uintptr_t address, size_t length, int protection, int flags, int fd, intptr_t offset)',
      );
      const address = Number(mmap(0, length, protection, MAP_SHARED, this.fd, offset));
      if (address === FAILED) {
        const code = errnoName(errno());
        this[Symbol.dispose]();
        throw new HostError(code, name, 'mmap');
      }
      mapped.push([BigInt(address), length]);
      return koffi().view(BigInt(address), length) as ArrayBuffer;
    };
    this.#consumed = new BigUint64Array(map(page, PROT_READ | PROT_WRITE, 0), 0, 1);
    const produced = map(page + 2 * size, PROT_READ, page);
    this.#produced = new BigUint64Array(produced, 0, 1);
    this.#data = Buffer.from(produced, page, 2 * size);
    this.#lengths = new Int32Array(produced, page, (2 * size) / 4);
  }

  /** Gives what is there, at most so many records, each good only until `take` returns; whether there may be more. */
  consume(take: (record: Buffer) => void, max: number): boolean {
    const position = Atomics.load(this.#consumed, 0);
    const start = Number(position & BigInt(this.#size - 1));
    // Bytes, from where we are: of numbers, as a BigInt for each record costs as much as to copy it.
    let ready = 0;
    let taken = 0;
    try {
      for (let i = 0; i < max; i++) {
        if (taken >= ready) ready = Number(Atomics.load(this.#produced, 0) - position);
        if (taken >= ready) return false;
        const at = (start + taken) & (this.#size - 1);
        const header = Atomics.load(this.#lengths, at / 4);
        // Still being written: the kernel wakes us once it is.
        if (header & BUSY) return false;
        const length = header & LENGTH;
        taken += (HEADER + length + 7) & ~7;
        if ((header & DISCARDED) === 0) take(this.#data.subarray(at + HEADER, at + HEADER + length));
      }
      return true;
    } finally {
      Atomics.store(this.#consumed, 0, position + BigInt(taken));
    }
  }

  [Symbol.dispose](): void {
    const munmap = libc('int munmap(uintptr_t address, size_t length)');
    for (const [address, length] of this.#mapped) munmap(address, length);
    closeAll([this.fd]);
  }
}
