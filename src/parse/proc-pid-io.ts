/** `/proc/<pid>/io`, `proc_pid_io(5)`: bytes that really went from and to disks. */
export interface ProcPidIo {
  readonly read: number;
  /** Without what was written and thrown away before it reached a disk. */
  readonly written: number;
}

export function parseProcPidIo(content: string): ProcPidIo | undefined {
  const number = (label: string) => Number(new RegExp(`^${label}: (\\d{1,20})$`, 'm').exec(content)?.[1] ?? Number.NaN);
  const [read, written, cancelled] = [number('read_bytes'), number('write_bytes'), number('cancelled_write_bytes')];
  return Number.isNaN(read + written) ? undefined : { read, written: written - (cancelled || 0) };
}
