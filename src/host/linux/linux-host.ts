import type { Files, Host, Kernel } from '../host.ts';
import { LinuxFiles } from './files.ts';
import { LinuxKernel } from './kernel.ts';
import { RootedFiles } from './rooted-files.ts';

/** The machine we run on; or, with another root, the files below a directory as if they were a machine of their own. */
export class LinuxHost implements Host {
  readonly platform = 'linux';
  readonly files: Files;
  /** Undefined with another root: the running kernel says nothing about files that lie somewhere. */
  readonly kernel: Kernel | undefined;

  constructor(root = '/') {
    this.files = root === '/' ? new LinuxFiles() : new RootedFiles(root);
    this.kernel = root === '/' ? new LinuxKernel() : undefined;
  }

  within(pid: number): Host {
    return new LinuxHost(`/proc/${pid}/root`);
  }
}
