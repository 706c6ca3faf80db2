/**
 * What a server sees of 100,000 agents when it comes back after an hour: requests a second, with our rule and with osquery's.
 *
 *     node bench/remote-herd.ts [--agents <n>] [--write]
 *
 * Two scenes. In `outage` the agents run, each at its own phase, and the server goes away. In `power` everything was off: the
 * agents start within two seconds, the server an hour after them. Every agent asks for its configuration every 300 s and for queries
 * every 60 s, and has a line to log once a minute. --write renews docs/remote-herd.svg. Simulated in whole seconds; no
 * request is sent. With our rule, whatever comes through first calls the rest (`RemoteSession.onBack`). osquery's is as recorded: each failed try is repeated at once on a new connection.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Backoff, spread } from '../src/remote/backoff.ts';
import { type Line, plot } from './support-plot.ts';

const { values } = parseArgs({ options: { agents: { type: 'string' }, write: { type: 'boolean' } } });
const AGENTS = Number(values.agents ?? 100_000);

const OUTAGE = 3600;
const BEFORE = 300;
const END = 7800;
const STARTS_WITHIN = 2;

interface Kind {
  readonly name: string;
  /** Seconds between requests while all is well. */
  readonly interval: number;
  /** Of our back-off. */
  readonly base: number;
  readonly most: number;
}

/** Defaults of the flags, but for the configuration, which is never asked for anew by default. */
const KINDS: readonly Kind[] = [
  { name: 'config', interval: 300, base: 1, most: 300 },
  { name: 'distributed', interval: 60, base: 1, most: 60 },
  { name: 'log', interval: 60, base: 4, most: 3600 },
];

/** When an agent asks again: seconds from now. `requests`: how many this try was. */
interface Rule {
  first(kind: Kind): number;
  succeeded(slot: number, kind: Kind): number;
  failed(slot: number, kind: Kind): number;
  /** Another kind of this agent's came through: when this one comes, if it waits after failures. */
  back?(slot: number, kind: Kind): number | undefined;
  readonly requestsOfFailure: number;
}

/** mulberry32: the same figures each time. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = generator(1);

function ours(): Rule {
  const all = Array.from(
    { length: AGENTS * KINDS.length },
    (_, slot) => new Backoff(() => ({ ...KINDS[slot % KINDS.length]!, mostAsked: 3600 }), random),
  );
  return {
    first: ({ interval }) => spread(interval, random),
    // As `Poller`.
    succeeded: (slot, { interval }) => {
      const backoff = all[slot]!;
      const seconds = backoff.failures > 0 ? spread(interval, random) : interval;
      backoff.succeeded();
      return seconds;
    },
    failed: (slot) => all[slot]!.failed(),
    back: (slot, { interval }) => (all[slot]!.failures > 0 ? spread(interval, random) : undefined),
    requestsOfFailure: 1,
  };
}

function theirs(): Rule {
  const failures = new Uint16Array(AGENTS * KINDS.length);
  return {
    first: () => 0,
    succeeded: (slot, { interval }) => {
      failures[slot] = 0;
      return interval;
    },
    failed: (slot, { name, interval }) => {
      failures[slot]! += 1;
      const n = failures[slot]!;
      // logger_tls_period · n², logger_tls_backoff_max.
      if (name === 'log') return Math.min(3600, 4 * n * n);
      // Three tries, 1 and 4 s apart; then config_accelerated_refresh or distributed_interval.
      return [1, 4, interval][(n - 1) % 3]!;
    },
    requestsOfFailure: 2,
  };
}

interface Seen {
  /** Requests in each second from `-BEFORE` on. */
  readonly requests: Float64Array;
  /** Agents whose log came through for the first time after the outage, in each second. */
  readonly logged: Float64Array;
}

function simulate(scene: 'outage' | 'power', rule: Rule): Seen {
  const seconds = BEFORE + END;
  const due: number[][] = Array.from({ length: seconds }, () => []);
  const requests = new Float64Array(seconds);
  const logged = new Float64Array(seconds);
  const waits = new Uint8Array(AGENTS);
  const away = new Uint8Array(AGENTS);
  const next = new Uint32Array(AGENTS * KINDS.length);
  const plan = (slot: number, at: number) => {
    const second = Math.floor(at);
    next[slot] = second;
    if (second < seconds) due[second]!.push(slot);
  };
  for (let slot = 0; slot < AGENTS * KINDS.length; slot++) {
    const kind = KINDS[slot % KINDS.length]!;
    if (scene === 'outage') plan(slot, random() * kind.interval);
    else plan(slot, BEFORE + random() * STARTS_WITHIN + rule.first(kind));
  }
  for (let second = 0; second < seconds; second++) {
    const down = second >= BEFORE && second < BEFORE + OUTAGE;
    for (const slot of due[second]!) {
      // It was planned anew.
      if (next[slot] !== second) continue;
      const kind = KINDS[slot % KINDS.length]!;
      const agent = Math.floor(slot / KINDS.length);
      const wait = down ? rule.failed(slot, kind) : rule.succeeded(slot, kind);
      requests[second]! += down ? rule.requestsOfFailure : 1;
      if (down) away[agent] = 1;
      if (kind.name === 'log') {
        if (!down) logged[second]! += waits[agent]!;
        waits[agent] = down ? 1 : 0;
      }
      plan(slot, second + Math.max(wait, 1) + (wait % 1 > random() ? 1 : 0));
      if (down || away[agent] === 0 || rule.back === undefined) continue;
      away[agent] = 0;
      for (const [i, other] of KINDS.entries()) {
        const sibling = agent * KINDS.length + i;
        const soon = sibling === slot ? undefined : rule.back(sibling, other);
        if (soon !== undefined && second + soon < next[sibling]!) plan(sibling, second + 1 + soon);
      }
    }
    due[second] = [];
  }
  return { requests, logged };
}

console.log(
  '| scene | | mean of the outage | most in it | most after it | first second | half of the logs there, s | 95 % |\n|---|---|---|---|---|---|---|---|',
);
const panels = (['outage', 'power'] as const).map((scene) => {
  const lines: Line[] = [];
  for (const [name, rule] of [
    ['osquery', theirs()],
    ['osquery-ts', ours()],
  ] as const) {
    const { requests, logged } = simulate(scene, rule);
    const during = requests.subarray(BEFORE, BEFORE + OUTAGE);
    const afterwards = requests.subarray(BEFORE + OUTAGE);
    const half = secondOf(logged.subarray(BEFORE + OUTAGE), 0.5);
    const most = secondOf(logged.subarray(BEFORE + OUTAGE), 0.95);
    console.log(
      `| ${scene} | ${name} | ${round(mean(during))} | ${round(Math.max(...during))} | ${round(Math.max(...afterwards))} | ${round(afterwards[0]!)} | ${half} | ${most} |`,
    );
    lines.push({ name, values: requests });
  }
  const titles = {
    outage: 'The server is away for an hour',
    power: 'Power returns: all agents start within 2 s, the server an hour later',
  };
  return { title: titles[scene], lines };
});

if (values.write) {
  const path = join(import.meta.dirname, '../docs/remote-herd.svg');
  writeFileSync(path, plot(panels, { from: -BEFORE, shaded: [0, OUTAGE], unit: 'requests a second' }));
  console.error(`wrote ${path}`);
}

/** The second by which this part of all had come. */
function secondOf(counts: Float64Array, part: number): string {
  const wanted = AGENTS * part;
  let sum = 0;
  const at = counts.findIndex((count) => {
    sum += count;
    return sum >= wanted;
  });
  return at < 0 ? 'later' : `${at}`;
}

function mean(all: Float64Array): number {
  return all.reduce((sum, one) => sum + one, 0) / all.length;
}

function round(value: number): string {
  return Math.round(value).toLocaleString('en');
}
