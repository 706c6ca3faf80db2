import { HostError, ifPresent, MalformedInput } from '../../base/errors.ts';
import type { Files, OpenFile } from '../../host/host.ts';
import { openShown } from '../../host/open-shown.ts';
import { parseJournal } from '../../parse/sqlite-journal.ts';
import { parseWal, type ReadAt } from '../../parse/sqlite-wal.ts';

/** Pages that take the place of those of the database. */
interface Overlay {
  readonly file: OpenFile;
  readonly pageSize: number;
  readonly pageCount: number;
  readonly pages: ReadonlyMap<number, number>;
}

/** Of the header of a database: the versions that write and read it; 2 is with a log, 1 without. */
const WRITE_VERSION = 18;
const WITHOUT_LOG = 1;
/** Larger logs are not read: each frame of one has to be looked at. */
const MAX_LOG = 512 * 1024 * 1024;

/**
 * A database of the machine as its last commit left it: the file, and over it what a log or a journal beside it says. It is
 * only read: no lock is taken, no file is made, nobody is kept waiting.
 */
export class DatabaseImage implements Disposable {
  readonly #file: OpenFile;
  readonly #overlay: Overlay | undefined;
  readonly #open = new DisposableStack();

  /** Throws `HostError`, and `MalformedInput` for a log or journal that is none. */
  constructor(files: Files, path: string) {
    try {
      this.#file = this.#open.use(openShown(files, path));
      if (this.#file.stat.kind !== 'regular') throw new HostError('EINVAL', path, 'open');
      this.#overlay =
        this.#beside(files, `${path}-wal`, parseWal) ?? this.#beside(files, `${path}-journal`, parseJournal);
    } catch (cause) {
      this.#open.dispose();
      throw cause;
    }
  }

  get size(): number {
    return this.#overlay === undefined ? this.#file.stat.size : this.#overlay.pageCount * this.#overlay.pageSize;
  }

  /** Fills `into` from `position` on; how many bytes there were. */
  read(into: Uint8Array, position: number): number {
    let done = 0;
    while (done < into.length) {
      const got = this.#readSome(into.subarray(done), position + done);
      if (got === 0) break;
      done += got;
    }
    for (const at of [WRITE_VERSION, WRITE_VERSION + 1]) {
      if (at >= position && at < position + done) into[at - position] = WITHOUT_LOG;
    }
    return done;
  }

  [Symbol.dispose](): void {
    this.#open.dispose();
  }

  /** From one page at most where there is an overlay. */
  #readSome(into: Uint8Array, position: number): number {
    const overlay = this.#overlay;
    if (overlay === undefined) return this.#file.readAt(into, position);
    const within = position % overlay.pageSize;
    const part = into.subarray(0, overlay.pageSize - within);
    const newer = overlay.pages.get((position - within) / overlay.pageSize + 1);
    return newer === undefined ? this.#file.readAt(part, position) : overlay.file.readAt(part, newer + within);
  }

  #beside(files: Files, path: string, parse: (read: ReadAt, source: string) => Omit<Overlay, 'file'> | undefined) {
    const file = ifPresent(() => openShown(files, path));
    if (file === undefined) return undefined;
    this.#open.use(file);
    if (file.stat.size > MAX_LOG) throw new MalformedInput(path, 0, `more than ${MAX_LOG} bytes`);
    let bytes = Buffer.alloc(0);
    // The same buffer again and again: the parsers keep nothing of it but where things are.
    const index = parse((position, length) => {
      if (position + length > file.stat.size) return undefined;
      if (bytes.length < length) bytes = Buffer.alloc(length);
      const part = bytes.subarray(0, length);
      return file.readAt(part, position) === length ? part : undefined;
    }, path);
    return index && { ...index, file };
  }
}
