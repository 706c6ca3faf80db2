import type { Account, FileSystemStat, Group, Kernel } from '../host/host.ts';

/**
 * What a fake machine's kernel answers: the shape of `kernel.json`. Everything may be left out.
 * Numbers of a registers quadruple are in the order eax, ebx, ecx, edx.
 */
export interface KernelAnswers {
  readonly identity?: Partial<ReturnType<Kernel['identity']>>;
  readonly ticksPerSecond?: number;
  readonly pageSize?: number;
  /** Seconds since the epoch, or ISO 8601. */
  readonly now?: number | string;
  readonly timeZone?: string;
  readonly pid?: number;
  readonly uid?: number;
  /**
   * Answers to dumps. The key is `protocol/type`, and `/` and the first bytes of the request's payload in hex where
   * requests of one type differ (`4/20/0206`: inet_diag, AF_INET, TCP); the longest key that fits answers. Payloads are
   * hex without the netlink header; spaces are ignored.
   */
  readonly netlink?: Readonly<Record<string, readonly { readonly type: number; readonly payload: string }[]>>;
  /** By mount point; a path is answered by the longest one above it. */
  readonly fileSystems?: Readonly<Record<string, FileSystemStat>>;
  /** `leaf` or `leaf.subleaf`, in hex without a prefix: `"80000002": [1, 2, 3, 4]`, `"4.1": …`. */
  readonly cpuid?: Readonly<Record<string, readonly [number, number, number, number]>>;
  readonly accounts?: readonly Account[];
  readonly groups?: readonly Group[];
}

export function fakeKernel(answers: KernelAnswers): Kernel {
  const {
    accounts = [],
    groups = [],
    netlink = {},
    fileSystems = {},
    cpuid = {},
    now = '2024-06-01T12:00:00Z',
  } = answers;
  return {
    identity: () => ({
      sysname: 'Linux',
      node: 'host.example.org',
      release: '6.1.0-21-amd64',
      version: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.90-1 (2024-05-03)',
      machine: 'x86_64',
      ...answers.identity,
    }),
    ticksPerSecond: answers.ticksPerSecond ?? 100,
    pageSize: answers.pageSize ?? 4096,
    now: () => (typeof now === 'number' ? now : Date.parse(now) / 1000),
    timeZone: answers.timeZone ?? 'UTC',
    pid: answers.pid ?? 1000,
    uid: answers.uid ?? 0,
    *netlinkDump(protocol, type, payload) {
      const request = `${protocol}/${type}/${Buffer.from(payload).toString('hex')}`;
      const key = longest(netlink, (candidate) => request.startsWith(candidate));
      for (const message of (key !== undefined && netlink[key]) || []) {
        yield { type: message.type, payload: Buffer.from(message.payload.replaceAll(' ', ''), 'hex') };
      }
    },
    fileSystem(path) {
      const mount = longest(fileSystems, (at) => at === '/' || path === at || path.startsWith(`${at}/`));
      return mount === undefined ? undefined : fileSystems[mount];
    },
    cpuid(leaf, subleaf) {
      const name = leaf.toString(16);
      const registers = cpuid[`${name}.${subleaf.toString(16)}`] ?? cpuid[name];
      if (registers === undefined) return undefined;
      const [eax, ebx, ecx, edx] = registers;
      return { eax, ebx, ecx, edx };
    },
    accounts: () => accounts,
    account: (key) => accounts.find(({ uid, name }) => ('uid' in key ? uid === key.uid : name === key.name)),
    groups: () => groups,
    group: ({ gid }) => groups.find((group) => group.gid === gid),
    groupIds: (name, gid) => [
      ...new Set([gid, ...groups.filter(({ members }) => members.includes(name)).map((group) => group.gid)]),
    ],
  };
}

function longest(record: Readonly<Record<string, unknown>>, fits: (key: string) => boolean): string | undefined {
  return Object.keys(record)
    .filter(fits)
    .sort((a, b) => b.length - a.length)[0];
}
