/**
 * A file server that died: mounts a FUSE file system that answers nothing but the kernel's first question, in a mount
 * namespace of its own, and runs a program there.
 *
 *     node dead-server.ts MOUNTPOINT[,MOUNTPOINT…] pending|taken PROGRAM [ARGUMENT…]
 *
 * pending: requests wait to be read, and who asked can be killed. taken: they are read and not answered, and nobody who
 * asked can be killed before this program ends. Ends as the program does, and passes SIGTERM on. Needs root.
 */
import { spawn } from 'node:child_process';
import { read } from 'node:fs';
import { errno, libc } from '../../../src/host/linux/native.ts';
import { mount, mountFuse, REQUEST_BYTES } from './fuse.ts';

const CLONE_NEWNS = 0x20000;
const [MS_REC, MS_PRIVATE] = [0x4000, 0x40000];

const [mountPoints, kind, program, ...args] = process.argv.slice(2);
if (libc('int unshare(int flags)')(CLONE_NEWNS) !== 0) throw new Error(`unshare: errno ${errno()}`);
mount('none', '/', '', MS_REC! | MS_PRIVATE!, '');
const servers = mountPoints!.split(',').map((at) => mountFuse('deadserver:/export', at, 'fuse.nfs'));
const child = spawn(program!, args, { stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal));
// The descriptor is closed with this process, which answers all that still wait: not connected. Node would wait for its read.
child.on('exit', (code) => libc('void _exit(int code)')(code ?? 1));
if (kind === 'taken') for (const fuse of servers) take(fuse);

function take(fuse: number): void {
  read(fuse, Buffer.alloc(REQUEST_BYTES), () => take(fuse));
}
