/**
 * A file system whose server does not answer, in a mount namespace of its own: run as a program it mounts one and answers only
 * the first request; `deadMount` starts it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import type { TestContext } from 'node:test';
import { mountFuse } from './fuse.ts';

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
  mountFuse('dead', directory, 'fuse.dead');
  process.stdout.write(READY);
  // The descriptor has to stay open; requests are not even read, so that whoever waits can be killed.
  setInterval(() => {}, 2 ** 30);
}

if (process.argv[1] === import.meta.filename) serve(process.argv[2]!);
