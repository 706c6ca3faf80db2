/**
 * A file server that died: mounts a FUSE file system that answers nothing but the kernel's first question, in a mount
 * namespace of its own, and runs a program there.
 *
 *     node dead-mount.ts MOUNTPOINT pending|taken PROGRAM [ARGUMENT…]
 *
 * pending: requests wait to be read, and who asked can be killed. taken: they are read and not answered, and nobody who
 * asked can be killed before this program ends. Ends as the program does, and passes SIGTERM on. Needs root.
 */
import { spawn } from 'node:child_process';
import { openSync, read, readSync, writeSync } from 'node:fs';
import { errno, libc } from '../../../src/host/linux/native.ts';

const CLONE_NEWNS = 0x20000;
const [MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE] = [2, 4, 0x4000, 0x40000];
const FUSE_INIT = 26;
/** `fuse_out_header` and `fuse_init_out` of linux/fuse.h, version 7.31. */
const HEADER = 16;
const INIT_OUT = 64;
const REQUEST = 1 << 20;

const [mountPoint, kind, program, ...args] = process.argv.slice(2);
if (libc('int unshare(int flags)')(CLONE_NEWNS) !== 0) throw new Error(`unshare: errno ${errno()}`);
mount('none', '/', '', MS_REC! | MS_PRIVATE!, '');
const fuse = openSync('/dev/fuse', 'r+');
mount(
  'deadserver:/export',
  mountPoint!,
  'fuse.nfs',
  MS_NOSUID! | MS_NODEV!,
  `fd=${fuse},rootmode=40755,user_id=0,group_id=0,allow_other`,
);
answerInit();
const child = spawn(program!, args, { stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal));
// The descriptor is closed with this process, which answers all that still wait: not connected. Node would wait for its read.
child.on('exit', (code) => libc('void _exit(int code)')(code ?? 1));
if (kind === 'taken') take();

function mount(source: string, target: string, type: string, flags: number, options: string): void {
  const call = libc(
    'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *options)',
  );
  if (call(source, target, type, flags, options) !== 0) throw new Error(`mount ${target}: errno ${errno()}`);
}

function answerInit(): void {
  const request = Buffer.alloc(REQUEST);
  readSync(fuse, request);
  if (request.readUInt32LE(4) !== FUSE_INIT) throw new Error('the first request is not FUSE_INIT');
  const answer = Buffer.alloc(HEADER + INIT_OUT);
  answer.writeUInt32LE(answer.length, 0);
  request.copy(answer, 8, 8, 16);
  answer.writeUInt32LE(7, HEADER);
  answer.writeUInt32LE(31, HEADER + 4);
  answer.writeUInt32LE(131_072, HEADER + 20);
  writeSync(fuse, answer);
}

function take(): void {
  read(fuse, Buffer.alloc(REQUEST), () => take());
}
