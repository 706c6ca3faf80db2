/**
 * Boots the package under kernels of distributions, and compares what the tables of events report with what was done.
 *
 *     node tools/kernels.ts [kernel…]
 *
 * Needs /dev/kvm, qemu-system-x86_64, a static busybox, cpio, dpkg-deb and the network; gcc and pahole for a kernel whose types
 * are made. It takes a minute for each kernel.
 * `--tcg` does without KVM, and takes some times as long; `-v` shows all that a kernel prints.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { KERNELS, type Kernel, type KernelHeaders, type KernelPackage } from './kernels/kernels.ts';
import { makeTypes } from './kernels/types.ts';

const root = join(import.meta.dirname, '..');
const cache = join(root, '.cache/kernels');
/** Milliseconds that one may take, on a machine that has other things to do. */
const LIMIT_MS = 15 * 60_000;
/** Packages that the bundle loads at run time: tools/build.ts. */
const PACKAGES = ['koffi', '@koromix', '@virustotal'];
const SOURCES = ['bin', 'dist', 'package.json', 'tests/e2e/support', 'tools/kernels'];
const CHECKS = ['bpf', 'audit', 'files', 'tables'] as const;

type Results = Partial<Record<(typeof CHECKS)[number], string>>;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { tcg: { type: 'boolean' }, v: { type: 'boolean', short: 'v' } },
});
const unknown = positionals.filter((wanted) => !KERNELS.some(({ name }) => name === wanted));
if (unknown.length > 0) throw new Error(`no such kernel: ${unknown}; there are ${KERNELS.map(({ name }) => name)}`);
const wanted = KERNELS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));

const [headers] = wanted.flatMap((kernel) => kernel.headers ?? []);
const initramfs = makeInitramfs(headers && (await typesOf(headers)));
const rows: string[][] = [['kernel', ...CHECKS]];
for (const kernel of wanted) {
  const image = await imageOf(kernel.package);
  const results = await boot(image, kernel);
  rows.push([`${kernel.name}, ${kernel.package.of}`, ...CHECKS.map((name) => results[name] ?? 'FAIL no answer')]);
}
const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
for (const row of rows)
  console.log(
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join(' | ')
      .trimEnd(),
  );
process.exitCode = rows.flat().some((cell) => cell.startsWith('FAIL')) ? 1 : 0;

/** Node with its libraries, busybox, the package and the checks, as one archive for the kernel; and types for one without. */
function makeInitramfs(types?: string): string {
  execFileSync(process.execPath, [join(root, 'tools/build.ts')], { stdio: 'ignore' });
  const tree = join(cache, 'tree');
  rmSync(tree, { recursive: true, force: true });
  for (const name of ['bin', 'proc', 'sys', 'dev', 'tmp', 'run', 'root', 'etc', 'usr', 'var']) {
    mkdirSync(join(tree, name), { recursive: true });
  }
  const put = (from: string, to: string) => cpSync(from, join(tree, to), { recursive: true, dereference: true });
  put(join(import.meta.dirname, 'kernels/init.sh'), 'init');
  put(execFileSync('which', ['busybox'], { encoding: 'utf8' }).trim(), 'bin/busybox');
  put(process.execPath, 'bin/node');
  for (const [, library] of execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).matchAll(/(\/\S+) \(/g)) {
    put(library!, library!);
  }
  for (const path of SOURCES) put(join(root, path), `osquery/${path}`);
  for (const name of PACKAGES) put(join(root, 'node_modules', name), `osquery/node_modules/${name}`);
  if (types !== undefined) put(types, 'types');
  writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(tree, 'etc/group'), 'root:x:0:\n');
  const archive = join(cache, 'initramfs');
  execFileSync('sh', ['-c', `find . | cpio --quiet -o -H newc > ${JSON.stringify(`${archive}.new`)}`], { cwd: tree });
  renameSync(`${archive}.new`, archive);
  return archive;
}

/** The kernel out of its package, which is fetched once. */
async function imageOf(kernel: KernelPackage): Promise<string> {
  const image = join(cache, `vmlinuz-${kernel.sha256}`);
  if (existsSync(image)) return image;
  await unpacked([kernel], (folder) => {
    execFileSync('sh', ['-c', 'mv boot/vmlinuz-* image'], { cwd: folder });
    renameSync(join(folder, 'image'), image);
  });
  return image;
}

/** The types of a kernel that has none, which are made once. */
async function typesOf(headers: KernelHeaders): Promise<string> {
  const types = join(cache, `types-${headers.packages[0]!.sha256}`);
  if (!existsSync(types)) {
    await unpacked(headers.packages, (folder) => renameSync(makeTypes(folder, headers), types));
  }
  return types;
}

/** Fetches packages and unpacks them into one folder, which is there until `use` returns. */
async function unpacked(packages: readonly KernelPackage[], use: (folder: string) => void): Promise<void> {
  const folder = join(cache, 'package');
  mkdirSync(folder, { recursive: true });
  try {
    for (const { url, sha256 } of packages) {
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
      const bytes = Buffer.from(await answer.arrayBuffer());
      const found = createHash('sha256').update(bytes).digest('hex');
      if (found !== sha256) throw new Error(`${url} is ${found}`);
      writeFileSync(join(folder, 'it.deb'), bytes);
      execFileSync('dpkg-deb', ['-x', 'it.deb', '.'], { cwd: folder });
    }
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Boots a kernel, which runs the checks and ends. */
function boot(image: string, { name, bpf, fanotify, cgroup1, headers, more = '' }: Kernel): Promise<Results> {
  const expected = [
    `bpf=${bpf}`,
    `fanotify=${fanotify}`,
    `cgroup1=${cgroup1 ?? false}`,
    `types=${headers !== undefined}`,
  ];
  // What ran before audit was on for the first time is not followed, and the checks themselves would be that.
  const line = ['console=ttyS0', 'panic=-1', 'quiet', 'audit=1', ...expected, more].join(' ');
  const processor = values.tcg ? ['-accel', 'tcg,thread=multi', '-cpu', 'max'] : ['-accel', 'kvm', '-cpu', 'host'];
  const machine = [...processor, '-m', '2G', '-smp', '2', '-nographic', '-no-reboot', '-nic', 'none'];
  const child = spawn('qemu-system-x86_64', [...machine, '-kernel', image, '-initrd', initramfs, '-append', line], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: LIMIT_MS,
  });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
    if (values.v) process.stdout.write(data);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      const [, found] = /results: (\{.*\})/.exec(output) ?? [];
      const results = found === undefined ? {} : (JSON.parse(found) as Results);
      const failed = CHECKS.some((check) => !results[check] || results[check].startsWith('FAIL'));
      if (failed && !values.v) console.log(`${name}:\n${output}`);
      resolve(results);
    });
  });
}
