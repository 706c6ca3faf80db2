import { HostError } from '../base/errors.ts';
import { decodeText } from '../base/text.ts';
import type { DirectoryEntry, FileKind, FileStat, Files, Host, Kernel, OpenFile, ReadLimit } from '../host/host.ts';
import { DEFAULT_READ_LIMIT } from '../host/host.ts';
import { type DirectoryScan, IteratorScan } from '../host/scan.ts';
import { DEFAULT_TIME, type Tree, type TreeNode } from './tree.ts';

/** A machine that exists in memory only, made from a tree. */
export class MemoryHost implements Host {
  readonly platform = 'linux';
  readonly files: Files;
  readonly kernel: Kernel | undefined;
  readonly #root: Node;

  constructor(tree: Tree, kernel?: Kernel) {
    this.#root = plant(tree);
    this.files = new MemoryFiles(this.#root);
    this.kernel = kernel;
  }

  /** `/proc/<pid>/root` is a link to a directory of the tree. */
  within(pid: number): Host {
    const files = new MemoryFiles(new Walk(this.#root, `/proc/${pid}/root`, 'open').find(true));
    return { platform: 'linux', files, kernel: undefined, within: (other) => this.within(other) };
  }
}

interface Node {
  readonly path: string;
  readonly file: TreeNode;
  readonly parent: Node | undefined;
  readonly children: Map<string, Node>;
}

const DIRECTORY: TreeNode = {
  kind: 'directory',
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtime: DEFAULT_TIME,
  content: Buffer.alloc(0),
  attributes: new Map(),
};

function plant(tree: Tree): Node {
  const root: Node = { path: '/', file: tree.get('/') ?? DIRECTORY, parent: undefined, children: new Map() };
  for (const path of tree.keys()) {
    let node = root;
    let at = '';
    for (const name of path.split('/').slice(1)) {
      if (name === '') continue;
      at += `/${name}`;
      let child = node.children.get(name);
      if (child === undefined) {
        child = { path: at, file: tree.get(at) ?? DIRECTORY, parent: node, children: new Map() };
        node.children.set(name, child);
      }
      if (node.file.kind !== 'directory') throw new Error(`${at} is below ${node.path}, which is not a directory`);
      node = child;
    }
  }
  return root;
}

/** As the kernel has it, `path_resolution(7)`. */
const MAX_LINKS = 40;

/** One walk along a path, as `path_resolution(7)` says. */
class Walk {
  readonly #root: Node;
  readonly #path: string;
  readonly #operation: string;

  constructor(root: Node, path: string, operation: string) {
    this.#root = root;
    this.#path = path;
    this.#operation = operation;
  }

  fail(code: string): never {
    throw new HostError(code, this.#path, this.#operation);
  }

  find(follow: boolean): Node {
    if (!this.#path.startsWith('/')) this.fail('ENOENT');
    const rest = this.#path.split('/').reverse();
    let node = this.#root;
    let links = 0;
    while (rest.length > 0) {
      const name = rest.pop()!;
      if (node.file.kind !== 'directory') this.fail('ENOTDIR');
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (node !== this.#root) node = node.parent ?? node;
        continue;
      }
      const child = node.children.get(name) ?? this.fail('ENOENT');
      const { target } = child.file;
      if (target === undefined || (rest.length === 0 && !follow)) {
        node = child;
        continue;
      }
      if (++links > MAX_LINKS) this.fail('ELOOP');
      if (target.startsWith('/')) node = this.#root;
      rest.push(...target.split('/').reverse());
    }
    return node;
  }
}

class MemoryFiles implements Files {
  readonly #root: Node;

  constructor(root: Node) {
    this.#root = root;
  }

  workingDirectory(): string {
    return '/';
  }

  readText(path: string, options?: ReadLimit): string {
    return decodeText(this.readBytes(path, options));
  }

  readBytes(path: string, options?: ReadLimit): Buffer {
    const file = this.#readable(path, 'read');
    const limit = options?.limit ?? DEFAULT_READ_LIMIT;
    const size = contentSize(file);
    if (size > limit) throw new HostError('EFBIG', path, 'read');
    const bytes = Buffer.alloc(size);
    file.content.copy(bytes);
    return bytes;
  }

  list(path: string): readonly DirectoryEntry[] {
    return [...this.scan(path)];
  }

  scan(path: string): DirectoryScan {
    return new IteratorScan(this.#entries(path));
  }

  *#entries(path: string): Generator<DirectoryEntry> {
    const { file, children } = this.#find(path, true, 'list');
    if (file.kind !== 'directory') throw new HostError('ENOTDIR', path, 'list');
    if (file.error !== undefined) throw new HostError(file.error, path, 'list');
    for (const [name, child] of children) yield { name, kind: child.file.kind };
  }

  stat(path: string): FileStat {
    return statOf(this.#find(path, true, 'stat'));
  }

  linkStat(path: string): FileStat {
    return statOf(this.#find(path, false, 'lstat'));
  }

  readLink(path: string): string {
    const { target } = this.#find(path, false, 'readlink').file;
    if (target === undefined) throw new HostError('EINVAL', path, 'readlink');
    return target;
  }

  exists(path: string): boolean {
    try {
      this.#find(path, true, 'stat');
      return true;
    } catch {
      return false;
    }
  }

  realPath(path: string): string {
    const { path: real } = this.#find(path, true, 'realpath');
    const prefix = this.#root.path;
    return prefix === '/' ? real : real === prefix ? '/' : real.slice(prefix.length);
  }

  open(path: string): OpenFile {
    const file = this.#readable(path, 'open');
    const stat = statOf(this.#find(path, true, 'open'));
    const size = contentSize(file);
    let offset = 0;
    const readAt = (into: Uint8Array, position: number): number => {
      const count = Math.max(0, Math.min(into.length, size - position));
      into.fill(0, 0, count);
      into.set(file.content.subarray(position, position + count));
      return count;
    };
    return {
      stat,
      realPath: () => this.realPath(path),
      readAt,
      read(into) {
        const count = readAt(into, offset);
        offset += count;
        return count;
      },
      [Symbol.dispose]() {},
    };
  }

  attributes(path: string): ReadonlyMap<string, Buffer> {
    return this.#find(path, true, 'getxattr').file.attributes;
  }

  #find(path: string, follow: boolean, operation: string): Node {
    return new Walk(this.#root, path, operation).find(follow);
  }

  #readable(path: string, operation: string): TreeNode {
    const { file } = this.#find(path, true, operation);
    if (file.error !== undefined) throw new HostError(file.error, path, operation);
    if (file.kind === 'directory') throw new HostError('EISDIR', path, operation);
    if (file.kind !== 'regular' && file.kind !== 'block') throw new HostError('EOPNOTSUPP', path, operation);
    return file;
  }
}

/** What can be read: a size beyond the content is a hole, a smaller one is a lie of `stat` alone. */
function contentSize({ content, size = 0 }: TreeNode): number {
  return Math.max(content.length, size);
}

/** `S_IFMT`, `inode(7)`. */
const TYPE_BITS: Readonly<Record<FileKind, number>> = {
  regular: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  block: 0o060000,
  character: 0o020000,
  fifo: 0o010000,
  socket: 0o140000,
  unknown: 0,
};

const BLOCK_SIZE = 4096;

function statOf({ path, file }: Node): FileStat {
  const { kind, mode, uid, gid, mtime } = file;
  const size = file.size ?? statSize(path, file);
  return {
    kind,
    mode: mode | TYPE_BITS[kind],
    inode: file.inode ?? hash(path),
    device: file.device ?? 2049,
    links: file.links ?? 1,
    uid,
    gid,
    specialDevice: file.specialDevice ?? 0,
    size,
    blockSize: BLOCK_SIZE,
    blocks: kind === 'regular' ? Math.ceil(file.content.length / BLOCK_SIZE) * (BLOCK_SIZE / 512) : 0,
    atime: file.atime ?? mtime,
    mtime,
    ctime: file.ctime ?? mtime,
    btime: file.btime ?? mtime,
  };
}

/** procfs reports 0 for what it makes up when read, sysfs a page. */
function statSize(path: string, { kind, content, target }: TreeNode): number {
  if (kind === 'directory') return path.startsWith('/proc/') || path.startsWith('/sys/') ? 0 : BLOCK_SIZE;
  if (kind !== 'regular') return target?.length ?? 0;
  if (path.startsWith('/proc/')) return 0;
  return path.startsWith('/sys/') ? BLOCK_SIZE : content.length;
}

/** FNV-1a, 32 bits: an inode that stays when a file is added to the tree. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
