/**
 * The `.tree` format: the files of a machine in one text that can be reviewed. Several trees merge into one machine.
 *
 *     # A comment.
 *     /etc/hostname
 *     | web-1
 *     /etc/shadow 0640 0:42 mtime=2024-05-01T12:00:00Z
 *     | root:*:19000:0:99999:7:::
 *     /proc/1/cmdline 0444
 *     \ nginx: master\0-g\0daemon off;\0
 *     /etc/ssl/ 0700
 *     /etc/localtime -> /usr/share/zoneinfo/UTC
 *     /dev/sda 0660 0:6 block=8:0
 *     /srv/caf\xe9\x20menu size=5000000000
 *     /bin/ping 0755
 *     @ security.capability \x01\0\0\x02
 *     = f0VMRgIBAQA=
 *
 * An entry is a path, then any of: mode (octal), `uid:gid`, a kind (`block=major:minor`,
 * `character=major:minor`, `fifo`, `socket`), `name=value` and, last, `-> target`. A path that ends in `/` is a directory; missing parents are made, 0755 of root.
 * Paths and targets are escaped: `\xHH` for any byte (a space is `\x20`), `\\`, `\0 \t \n \r`.
 *
 * | name | value |
 * |---|---|
 * | `mtime atime ctime btime` | ISO 8601 or seconds since the epoch; `mtime` (default 2024-01-01) is the default of the others |
 * | `size` | what `stat` says; beyond the content, zeros follow (a sparse file); below it, only `stat` lies, as procfs does |
 * | `inode device links` | numbers; by default a hash of the path, 2049 (8:1) and 1 |
 * | `error` | errno name: opening or listing fails with it |
 *
 * Content lines follow their entry. `| text` is a line as it stands, newline added; `> text` the same without a newline;
 * `\ text` is escaped bytes without a newline; `= text` base64. A count in front repeats it: `1000| text`.
 * `@ name value` is an extended attribute, the value escaped.
 */

import { decodeText, encodeText } from '../base/text.ts';
import type { FileKind } from '../host/host.ts';

export interface TreeNode {
  readonly kind: FileKind;
  /** Permission bits, with set-uid, set-gid and sticky; no type bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly atime?: number;
  readonly ctime?: number;
  readonly btime?: number;
  readonly size?: number;
  readonly inode?: number;
  readonly device?: number;
  readonly links?: number;
  /** Of a block or character file, as `st_rdev` has it. */
  readonly specialDevice?: number;
  readonly error?: string;
  /** Of a symbolic link. */
  readonly target?: string;
  readonly content: Buffer;
  readonly attributes: ReadonlyMap<string, Buffer>;
}

/** Absolute paths (no `/` at the end, `/` itself is the root) to nodes. Parents may be missing. */
export type Tree = ReadonlyMap<string, TreeNode>;

/** 2024-01-01T00:00:00Z */
export const DEFAULT_TIME = 1704067200;

/** A repeated line must not fill the memory of a test run. */
const MAX_CONTENT_BYTES = 64 * 1024 * 1024;

const NUMBERS = ['size', 'inode', 'device', 'links'] as const;
const TIMES = ['mtime', 'atime', 'ctime', 'btime'] as const;
const KINDS: readonly string[] = ['block', 'character', 'fifo', 'socket'];

/** Fails with the source and the line of a mistake: trees are written by hand. */
export function parseTree(text: string, source = 'tree'): Tree {
  const tree = new Map<string, TreeNode>();
  let path = '';
  let node: Writable<TreeNode> | undefined;
  let chunks: Buffer[] = [];
  let bytes = 0;
  const finish = () => {
    if (node === undefined) return;
    tree.set(path, { ...node, content: Buffer.concat(chunks) });
    chunks = [];
    bytes = 0;
  };
  for (const [index, line] of text.split('\n').entries()) {
    const fail = (reason: string): never => {
      throw new Error(`${source}:${index + 1}: ${reason}`);
    };
    if (line.trim() === '' || line.startsWith('#')) continue;
    if (line.startsWith('/')) {
      finish();
      [path, node] = parseEntry(line, fail);
      if (tree.has(path)) fail(`${path} is here twice`);
      continue;
    }
    if (node === undefined) return fail('a line of content without an entry');
    const match = /^(\d*)([|>\\=@])(?: (.*))?$/s.exec(line) ?? fail('neither an entry nor a line of content');
    const [, count = '', marker = '', body = ''] = match;
    if (marker === '@') {
      const [, name = '', value = ''] = /^(\S+) ?(.*)$/s.exec(body) ?? fail('an attribute without a name');
      (node.attributes as Map<string, Buffer>).set(decodeText(toBytes(name, fail)), toBytes(value, fail));
      continue;
    }
    if (node.kind !== 'regular') fail(`a ${node.kind} has no content`);
    const chunk =
      marker === '|'
        ? Buffer.from(`${body}\n`)
        : marker === '>'
          ? Buffer.from(body)
          : marker === '='
            ? Buffer.from(body, 'base64')
            : toBytes(body, fail);
    const times = count === '' ? 1 : Number(count);
    bytes += chunk.length * times;
    if (!(bytes <= MAX_CONTENT_BYTES)) fail(`more than ${MAX_CONTENT_BYTES} bytes`);
    chunks.push(times === 1 ? chunk : Buffer.alloc(chunk.length * times, chunk));
  }
  finish();
  return tree;
}

/** One machine out of several trees. Only a directory may be in two of them; the last says how it is. */
export function mergeTrees(trees: Iterable<Tree>): Tree {
  const merged = new Map<string, TreeNode>();
  for (const tree of trees) {
    for (const [path, node] of tree) {
      const other = merged.get(path);
      if (other !== undefined && (other.kind !== 'directory' || node.kind !== 'directory')) {
        throw new Error(`${path} is in two trees`);
      }
      merged.set(path, node);
    }
  }
  return merged;
}

/** The text of a tree; `parseTree` reads the same tree from it. */
export function printTree(tree: Tree): string {
  let out = '';
  for (const [path, node] of tree) {
    out += `${printEntry(path, node)}\n`;
    for (const [name, value] of node.attributes) out += `@ ${toText(encodeText(name), true)} ${toText(value)}\n`;
    out += printContent(node.content);
  }
  return out;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Fail = (reason: string) => never;

function parseEntry(line: string, fail: Fail): [string, Writable<TreeNode>] {
  const arrow = line.indexOf(' -> ');
  const [name = '', ...words] = (arrow < 0 ? line : line.slice(0, arrow)).trimEnd().split(/ +/);
  const path = parsePath(name, fail);
  const directory = name.endsWith('/');
  const node: Writable<TreeNode> = {
    kind: arrow >= 0 ? 'symlink' : directory ? 'directory' : 'regular',
    mode: arrow >= 0 ? 0o777 : directory ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    mtime: DEFAULT_TIME,
    content: Buffer.alloc(0),
    attributes: new Map(),
  };
  if (arrow >= 0) node.target = decodeText(toBytes(line.slice(arrow + 4), fail));
  for (const word of words) {
    const [key = '', value] = word.split('=', 2);
    if (/^[0-7]{3,5}$/.test(word)) node.mode = Number.parseInt(word, 8);
    else if (/^\d+:\d+$/.test(word)) [node.uid, node.gid] = word.split(':').map(Number) as [number, number];
    else if (KINDS.includes(word)) node.kind = word as FileKind;
    else if (key === 'block' || key === 'character') {
      node.kind = key;
      node.specialDevice = parseDevice(value ?? '', word, fail);
    } else if (value === undefined) fail(`what is "${word}"?`);
    else if (key === 'error') node.error = value;
    else if (isOneOf(NUMBERS, key)) node[key] = parseNumber(Number(value), word, fail);
    else if (isOneOf(TIMES, key)) node[key] = parseTime(value, word, fail);
    else fail(`what is "${word}"?`);
  }
  return [path, node];
}

function parsePath(name: string, fail: Fail): string {
  const path = decodeText(toBytes(name.length > 1 && name.endsWith('/') ? name.slice(0, -1) : name, fail));
  const parts = path.split('/').slice(1);
  if (path !== '/' && parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))) {
    fail(`${path} is not a plain absolute path`);
  }
  return path;
}

function parseNumber(value: number, word: string, fail: Fail): number {
  return value >= 0 && Number.isSafeInteger(value) ? value : fail(`not a number: ${word}`);
}

/** `makedev(3)`. */
function parseDevice(value: string, word: string, fail: Fail): number {
  const [, major, minor] = /^(\d{1,4}):(\d{1,7})$/.exec(value)?.map(Number) ?? fail(`not a device: ${word}`);
  return makeDevice(major!, minor!);
}

function makeDevice(major: number, minor: number): number {
  return (minor & 0xff) + ((major & 0xfff) << 8) + (minor >>> 8) * 2 ** 20;
}

function parseTime(value: string, word: string, fail: Fail): number {
  const seconds = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : Date.parse(value) / 1000;
  return Number.isFinite(seconds) ? seconds : fail(`not a time: ${word}`);
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['0', '\0'],
  ['t', '\t'],
  ['n', '\n'],
  ['r', '\r'],
  ['\\', '\\'],
]);

function toBytes(text: string, fail: Fail): Buffer {
  if (!text.includes('\\')) return Buffer.from(text);
  const chunks: Buffer[] = [];
  for (const [part] of text.matchAll(/\\x[0-9a-fA-F]{2}|\\.?|[^\\]+/gs)) {
    if (!part.startsWith('\\')) chunks.push(Buffer.from(part));
    else if (part.length === 4) chunks.push(Buffer.from(part.slice(2), 'hex'));
    else chunks.push(Buffer.from(ESCAPES.get(part.slice(1)) ?? fail(`unknown escape ${part}`)));
  }
  return Buffer.concat(chunks);
}

/** Bytes as text that survives review: valid UTF-8 without control characters stays as it is. */
function toText(bytes: Buffer, space = false): string {
  let out = '';
  for (const char of decodeText(bytes)) {
    const code = char.codePointAt(0)!;
    if (char === '\\') out += '\\\\';
    else if (char === '\n') out += '\\n';
    else if (code >= 0xdc80 && code <= 0xdcff) out += hexEscape(code - 0xdc00);
    else if (code < 0x20 || code === 0x7f || (space && char === ' ')) out += hexEscape(code);
    else out += char;
  }
  return out;
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

function printEntry(path: string, node: TreeNode): string {
  const name = toText(encodeText(path), true) + (node.kind === 'directory' && path !== '/' ? '/' : '');
  const words = [name, node.mode.toString(8).padStart(4, '0'), `${node.uid}:${node.gid}`];
  if (KINDS.includes(node.kind)) {
    const device = node.specialDevice ?? 0;
    const minor = (device & 0xff) + Math.floor(device / 2 ** 20) * 256;
    words.push(device === 0 ? node.kind : `${node.kind}=${(device >>> 8) & 0xfff}:${minor}`);
  }
  for (const key of TIMES) {
    const value = node[key];
    if (value !== undefined && (key !== 'mtime' || value !== DEFAULT_TIME)) words.push(`${key}=${printTime(value)}`);
  }
  for (const key of NUMBERS) if (node[key] !== undefined) words.push(`${key}=${node[key]}`);
  if (node.error !== undefined) words.push(`error=${node.error}`);
  return words.join(' ') + (node.target === undefined ? '' : ` -> ${toText(encodeText(node.target))}`);
}

/** Years that `toISOString` writes with four digits. */
function printTime(seconds: number): string {
  const readable = Number.isInteger(seconds) && seconds >= 0 && seconds < 253402300800;
  return readable ? new Date(seconds * 1000).toISOString().replace('.000Z', 'Z') : String(seconds);
}

function printContent(content: Buffer): string {
  if (content.length === 0) return '';
  const text = decodeText(content);
  if (!text.isWellFormed() || /[^\n\t\x20-\x7e\x80-\uffff]/.test(text)) return printBinary(content);
  const lines = text.split('\n');
  const last = lines.pop()!;
  const whole = lines.map((line) => (line === '' ? '|\n' : `| ${line}\n`)).join('');
  return whole + (last === '' ? '' : `> ${last}\n`);
}

const LINE_BYTES = 90;

function printBinary(content: Buffer): string {
  const plain = content.filter((byte) => byte >= 0x20 && byte < 0x7f).length;
  const mostlyText = plain * 2 > content.length;
  let out = '';
  for (let at = 0; at < content.length; at += LINE_BYTES) {
    const part = content.subarray(at, at + LINE_BYTES);
    out += mostlyText ? `\\ ${toText(part)}\n` : `= ${part.toString('base64')}\n`;
  }
  return out;
}
