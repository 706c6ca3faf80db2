/** Types of a kernel that has been built without them, out of its headers: needs gcc, objcopy and pahole (`dwarves`). */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { KernelHeaders } from './kernels.ts';

/** `folder`: where the packages were unpacked. Writes the types, as `/sys/kernel/btf/vmlinux` has them, to `types` in it. */
export function makeTypes(folder: string, { common, own }: KernelHeaders): string {
  const run = (program: string, args: readonly string[]) =>
    execFileSync(program, args, { cwd: folder, encoding: 'utf8' });
  const sources = join(folder, 'usr/src');
  const directories = ['arch/x86/include', 'include', 'arch/x86/include/uapi', 'include/uapi'].flatMap((path) => [
    join(sources, common, path),
    join(sources, own, path),
    join(sources, own, path.includes('uapi') ? path.replace('uapi', 'generated/uapi') : join(path, 'generated')),
  ]);
  const forced = ['kconfig.h', 'compiler_types.h'].flatMap((name) => [
    '-include',
    join(sources, common, 'include/linux', name),
  ]);
  const standard = run('gcc', ['-print-file-name=include']).trim();
  run('gcc', [
    ...['-c', '-w', '-O2', '-gdwarf-4', '-std=gnu89', '-mcmodel=kernel', '-mno-sse', '-fno-pie', '-D__KERNEL__'],
    ...['-nostdinc', '-isystem', standard, ...directories.map((directory) => `-I${directory}`), ...forced],
    ...['-DKBUILD_MODNAME="types"', '-DKBUILD_BASENAME="types"', join(import.meta.dirname, 'types.c'), '-o', 'types.o'],
  ]);
  run('pahole', ['-J', 'types.o']);
  run('objcopy', ['-O', 'binary', '--only-section=.BTF', '--set-section-flags', '.BTF=alloc', 'types.o', 'types']);
  return join(folder, 'types');
}
