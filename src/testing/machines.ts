import {
  chmodSync,
  lchownSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeText } from '../base/text.ts';
import { fakeKernel, type KernelAnswers } from './fake-kernel.ts';
import { MemoryHost } from './memory-host.ts';
import { mergeTrees, parseTree, type Tree } from './tree.ts';

const MACHINES = join(import.meta.dirname, '../../tests/machines');

export function machineNames(): string[] {
  return readdirSync(MACHINES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** All `.tree` files of a machine's folder as one tree. */
export function loadTree(machine: string): Tree {
  return mergeTrees(filesOf(machine, '.tree').map((path) => parseTree(readFileSync(path, 'utf8'), path)));
}

/**
 * A machine of `tests/machines` in memory. Its kernel answers what `kernel.json` and `<subject>.kernel.json` say, their
 * objects and lists put together; a machine without such a file has no kernel.
 */
export function loadMachine(machine: string): MemoryHost {
  const answers = filesOf(machine, 'kernel.json').map(
    (path) => JSON.parse(readFileSync(path, 'utf8')) as KernelAnswers,
  );
  return new MemoryHost(loadTree(machine), answers.length === 0 ? undefined : fakeKernel(answers.reduce(combine)));
}

/**
 * Writes a tree into an existing directory, for a `LinuxHost` with that root. Owners are set when running as root;
 * kinds, errors, inodes and change times that need the kernel's help are left out: see the skipped paths returned.
 */
export function writeTree(tree: Tree, directory: string): string[] {
  const skipped: string[] = [];
  const later: (() => void)[] = [];
  const asRoot = process.geteuid?.() === 0;
  for (const [path, node] of tree) {
    const at = encodeText(directory + path);
    if (path !== '/') mkdirSync(encodeText(dirname(directory + path)), { recursive: true });
    if (node.kind === 'directory') mkdirSync(at, { recursive: true });
    else if (node.kind === 'symlink') symlinkSync(encodeText(node.target!), at);
    else if (node.kind === 'regular' && node.error === undefined) writeFileSync(at, node.content);
    else {
      skipped.push(path);
      continue;
    }
    if (asRoot) lchownSync(at, node.uid, node.gid);
    if (node.kind === 'symlink') {
      lutimesSync(at, node.atime ?? node.mtime, node.mtime);
      continue;
    }
    if (node.kind === 'regular' && node.size !== undefined && node.size > node.content.length)
      truncateSync(at, node.size);
    // Last: files made in a directory change its time, and its mode may refuse them.
    later.push(() => {
      chmodSync(at, node.mode);
      utimesSync(at, node.atime ?? node.mtime, node.mtime);
    });
  }
  for (const finish of later.reverse()) finish();
  return skipped;
}

function filesOf(machine: string, suffix: string): string[] {
  const folder = join(MACHINES, machine);
  return readdirSync(folder)
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => join(folder, name));
}

function combine(a: KernelAnswers, b: KernelAnswers): KernelAnswers {
  const out: Record<string, unknown> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const old = out[key];
    if (Array.isArray(old) && Array.isArray(value)) out[key] = [...old, ...value];
    else if (typeof old === 'object' && typeof value === 'object') out[key] = { ...old, ...value };
    else if (old !== undefined && old !== value) throw new Error(`two answers for ${key}`);
    else out[key] = value;
  }
  return out;
}
