/**
 * A file system whose server does not answer, in a mount namespace of its own: run as a program it mounts one and answers only
 * the first request; `deadMount` starts it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, openSync, readSync, writeSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { errno, libc } from '../../../src/host/linux/native.ts';

/** `include/uapi/linux/fuse.h`. */
const FUSE_INIT = 26;
const IN_HEADER = 40;
const OUT_HEADER = 16;
const INIT_OUT = 64;
const MAJOR = 7;
const MINOR = 31;
const MAX_WRITE = 4096;
const READY = 'mounted\n';

export interface DeadMount {
  /** A process in the namespace that has the mount: `nsenter -t <pid> -m`. */
  readonly pid: number;
  /** Everything that hangs in it fails from then on. */
  end(): Promise<void>;
}

/** Mounts it on a directory; undefined where that cannot be, and the test is skipped. It ends with the test. */
export async function deadMount(t: TestContext, directory: string): Promise<DeadMount | undefined> {
  const reason = cannot();
  if (reason !== undefined) {
    t.skip(reason);
    return undefined;
  }
  const args = ['-m', '--propagation', 'private', process.execPath, import.meta.filename, directory];
  const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const end = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  t.after(end);
  await ready(child);
  return { pid: child.pid!, end };
}

function cannot(): string | undefined {
  if (process.getuid!() !== 0) return 'to mount needs root';
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
  } catch {
    return 'no /dev/fuse';
  }
  return undefined;
}

async function ready(child: ChildProcess): Promise<void> {
  let output = '';
  for await (const data of child.stdout!) {
    output += data;
    if (output.includes(READY)) return;
  }
  throw new Error('the file system was not mounted');
}

/** Mounts, and answers what the kernel asks first; no more. */
function serve(directory: string): void {
  const fd = openSync('/dev/fuse', 'r+');
  const mount = libc(
    'int mount(const char *from, const char *to, const char *type, unsigned long flags, const char *data)',
  );
  const options = `fd=${fd},rootmode=40000,user_id=0,group_id=0,allow_other`;
  if (mount('dead', directory, 'fuse.dead', 0, options) !== 0) throw new Error(`mount ${directory}: errno ${errno()}`);
  const request = Buffer.alloc(64 * 1024);
  readSync(fd, request);
  if (request.readUInt32LE(4) !== FUSE_INIT) throw new Error(`the first request is ${request.readUInt32LE(4)}`);
  const answer = Buffer.alloc(OUT_HEADER + INIT_OUT);
  answer.writeUInt32LE(answer.length, 0);
  request.copy(answer, 8, 8, 16);
  answer.writeUInt32LE(MAJOR, OUT_HEADER);
  answer.writeUInt32LE(MINOR, OUT_HEADER + 4);
  request.copy(answer, OUT_HEADER + 8, IN_HEADER + 8, IN_HEADER + 12);
  answer.writeUInt32LE(MAX_WRITE, OUT_HEADER + 20);
  writeSync(fd, answer);
  process.stdout.write(READY);
  // The descriptor has to stay open; requests are not even read, so that whoever waits can be killed.
  setInterval(() => {}, 2 ** 30);
}

if (process.argv[1] === import.meta.filename) serve(process.argv[2]!);
