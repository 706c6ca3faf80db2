import { parentPort, type Worker } from 'node:worker_threads';
import type { OptionValues } from '../config/option-values.ts';
import { startWithoutRings } from '../host/linux/sandbox/rings.ts';
import { restrictThread, type SandboxRules } from '../host/linux/sandbox/sandbox.ts';

/** What a thread tells of what holds it. */
interface Told {
  readonly kind: 'sandbox';
  readonly text: string;
}

/** Takes from this thread what it does not need, unless flags want it otherwise; what holds it in words. */
export function enterSandbox(wanted: boolean, rules: () => SandboxRules): string {
  if (!wanted) return 'none (--disable_sandbox)';
  const { holds, missing } = restrictThread(rules());
  return `${holds.join(', ')}${missing.length === 0 ? '' : `; without ${missing.join(', ')}`}`;
}

/** For threads that are to be held: before the first of them. */
export function prepareSandboxes(options: OptionValues): void {
  if (wantsSandbox(options)) startWithoutRings();
}

export function wantsSandbox(options: OptionValues): boolean {
  return !options.bool('disable_sandbox');
}

/** Tells who started this thread. */
export function tellSandbox(text: string): void {
  parentPort!.postMessage({ kind: 'sandbox', text } satisfies Told);
}

const said = new Set<string>();

/** Has it said what holds a thread, once for all that are started in its place. */
export function saySandbox(worker: Worker, name: string, say: (severity: 'INFO', message: string) => void): void {
  worker.on('message', (message: Partial<Told>) => {
    if (message.kind !== 'sandbox') return;
    const line = `sandbox of ${name}: ${message.text}`;
    if (!said.has(line)) say('INFO', line);
    said.add(line);
  });
}
