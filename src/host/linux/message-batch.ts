import { addressOf, libc } from './native.ts';

const MSG_DONTWAIT = 0x40;
/** `struct mmsghdr` and `struct iovec` of 64-bit machines; `recvmmsg(2)`. */
const HEADER = { size: 64, vector: 16, vectors: 24, length: 56 };
const VECTOR = 16;

/** Room for messages of a socket, many of which are received with one call. */
export class MessageBatch {
  readonly #count: number;
  readonly #size: number;
  readonly #headers: Buffer;
  /** Where messages are; good until the next `receive`. */
  readonly data: Buffer;
  readonly #address: number;
  // Their addresses are in `#headers`: they must live as long.
  readonly #vectors: Buffer;
  readonly #call = libc('int recvmmsg(int fd, uintptr_t messages, unsigned int count, int flags, uintptr_t timeout)');

  /** So many messages of so many bytes. */
  constructor(count: number, size: number) {
    this.#count = count;
    this.#size = size;
    this.data = Buffer.alloc(count * size);
    this.#vectors = Buffer.alloc(count * VECTOR);
    this.#headers = Buffer.alloc(count * HEADER.size);
    this.#address = addressOf(this.#headers);
    const [data, vectors] = [addressOf(this.data), addressOf(this.#vectors)];
    for (let i = 0; i < count; i++) {
      this.#vectors.writeBigUInt64LE(BigInt(data + i * size), i * VECTOR);
      this.#vectors.writeBigUInt64LE(BigInt(size), i * VECTOR + 8);
      this.#headers.writeBigUInt64LE(BigInt(vectors + i * VECTOR), i * HEADER.size + HEADER.vector);
      this.#headers.writeBigUInt64LE(1n, i * HEADER.size + HEADER.vectors);
    }
  }

  /** How many came; -1 where none did, for what `errno` says. Never waits. */
  receive(fd: number): number {
    return this.#call(fd, this.#address, this.#count, MSG_DONTWAIT, 0);
  }

  /** Where one of those that came last begins in `data`. */
  start(index: number): number {
    return index * this.#size;
  }

  /** Its bytes, as far as there was room. */
  length(index: number): number {
    return Math.min(this.#size, this.#headers.readUInt32LE(index * HEADER.size + HEADER.length));
  }
}
