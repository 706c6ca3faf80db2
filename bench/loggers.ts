/**
 * Lines a second to the filesystem logger, and through the buffer of those that forward.
 *
 *     node bench/loggers.ts
 *
 * Beside them the same lines as `appendFileSync` writes them, and all in one file that stays open.
 */
import { appendFileSync, closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logFiles } from '../src/host/linux/log-files.ts';
import { storeFiles } from '../src/host/linux/store-files.ts';
import { FilesystemLogger } from '../src/loggers/filesystem.ts';
import { ForwardingLogger } from '../src/loggers/forwarding.ts';
import { openStore } from '../src/store/sqlite-store.ts';
import { median } from './support.ts';

const LINES = 50_000;
const RUNS = 5;
const line = JSON.stringify({ name: 'q', columns: { filler: 'x'.repeat(450) } });
const folder = mkdtempSync(join(tmpdir(), 'osquery-loggers-'));
const warn = (message: string) => {
  throw new Error(message);
};

const options = { directory: folder, mode: 0o640, program: 'osqueryd', host: 'h', pid: 1, startedMs: 0 };
const plain = new FilesystemLogger(logFiles, options, warn);
const rotating = new FilesystemLogger(logFiles, { ...options, rotation: { size: 26_214_400, files: 3 } }, warn);

const ways: Readonly<Record<string, () => void | Promise<void>>> = {
  'one open file': () => {
    const fd = openSync(join(folder, 'open'), 'a');
    for (let i = 0; i < LINES; i++) writeSync(fd, `${line}\n`);
    closeSync(fd);
  },
  appendFileSync: () => {
    for (let i = 0; i < LINES; i++) appendFileSync(join(folder, 'append'), `${line}\n`);
  },
  'filesystem logger': () => {
    for (let i = 0; i < LINES; i++) plain.results([line]);
  },
  'filesystem logger, rotating': async () => {
    for (let i = 0; i < LINES; i++) rotating.snapshots([line]);
    await rotating.close();
  },
  'through the buffer': forwarded,
};

const times = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
for (let run = 0; run <= RUNS; run++) {
  for (const [name, way] of Object.entries(ways)) {
    const start = performance.now();
    await way();
    if (run > 0) times.get(name)!.push(performance.now() - start);
  }
}
rmSync(folder, { recursive: true });

console.log(`| ${line.length} bytes a line | lines/s | ratio |\n|---|---|---|`);
const first = median(times.get('one open file')!);
for (const [name, all] of times) {
  const time = median(all);
  console.log(`| ${name} | ${Math.round((LINES / time) * 1000)} | ${(time / first).toFixed(2)} |`);
}

/** Each line kept in a store on the disk, sent in batches, deleted. */
async function forwarded(): Promise<void> {
  using store = openStore(join(folder, 'db'), storeFiles, warn);
  let sent = 0;
  let round = () => {};
  const timers = {
    now: () => 0,
    set: (callback: () => void) => {
      round = callback;
    },
    clear: () => {},
  };
  const limits = { period: 4, backoffMax: 3600, maxLine: 1_048_576, bufferedMax: 1_000_000 };
  const logger = new ForwardingLogger(
    store,
    { name: 'bench', hostIdentifier: () => 'h', ...limits },
    async (_kind, lines) => {
      sent += lines.length;
    },
    warn,
    timers,
  );
  // As a run of a query logs them.
  store.transaction(() => {
    for (let i = 0; i < LINES; i++) logger.results([line]);
  });
  while (sent < LINES) {
    round();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
