/** A file system of FUSE whose server answers the kernel's first question, and then what the test wants. */
import { openSync, readSync, writeSync } from 'node:fs';
import { errno, libc } from '../../../src/host/linux/native.ts';

/** `include/uapi/linux/fuse.h`, version 7.31. */
const FUSE_INIT = 26;
const HEADER = 16;
const INIT_OUT = 64;
const [MAJOR, MINOR] = [7, 31];
const MAX_WRITE = 128 * 1024;
export const REQUEST_BYTES = 1 << 20;

const [MS_NOSUID, MS_NODEV] = [2, 4];

export function mount(source: string, target: string, type: string, flags: number, options: string): void {
  const call = libc(
    'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *options)',
  );
  if (call(source, target, type, flags, options) !== 0) throw new Error(`mount ${target}: errno ${errno()}`);
}

/** Mounts one that everybody may use; the descriptor that its requests come from. As long as it is open the mount is there. */
export function mountFuse(source: string, directory: string, type: string): number {
  const fd = openSync('/dev/fuse', 'r+');
  const options = `fd=${fd},rootmode=40755,user_id=0,group_id=0,allow_other`;
  mount(source, directory, type, MS_NOSUID! | MS_NODEV!, options);
  const request = Buffer.alloc(REQUEST_BYTES);
  readSync(fd, request);
  if (request.readUInt32LE(4) !== FUSE_INIT) throw new Error(`the first request is ${request.readUInt32LE(4)}`);
  const answer = Buffer.alloc(HEADER + INIT_OUT);
  answer.writeUInt32LE(answer.length, 0);
  request.copy(answer, 8, 8, 16);
  answer.writeUInt32LE(MAJOR, HEADER);
  answer.writeUInt32LE(MINOR, HEADER + 4);
  answer.writeUInt32LE(MAX_WRITE, HEADER + 20);
  writeSync(fd, answer);
  return fd;
}
