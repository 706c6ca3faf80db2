/** Time a processor spent, in ticks of USER_HZ since boot. */
export interface CpuTime {
  readonly core: number;
  readonly user: number;
  readonly nice: number;
  readonly system: number;
  readonly idle: number;
  readonly iowait: number;
  readonly irq: number;
  readonly softirq: number;
  readonly steal: number;
  readonly guest: number;
  readonly guestNice: number;
}

/** The lines of single processors in `/proc/stat`, `proc_stat(5)`. Fields that an old kernel lacks are 0. */
export function* parseCpuTimes(content: string): Generator<CpuTime> {
  for (const line of content.split('\n')) {
    const [name, ...words] = line.split(' ');
    const core = /^cpu([0-9]{1,6})$/.exec(name!)?.[1];
    if (core === undefined || words.length < 7) continue;
    const ticks = words.map(Number);
    if (!ticks.every((value) => Number.isInteger(value) && value >= 0)) continue;
    const [
      user = 0,
      nice = 0,
      system = 0,
      idle = 0,
      iowait = 0,
      irq = 0,
      softirq = 0,
      steal = 0,
      guest = 0,
      guestNice = 0,
    ] = ticks;
    yield { core: Number(core), user, nice, system, idle, iowait, irq, softirq, steal, guest, guestNice };
  }
}
