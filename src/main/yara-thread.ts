/** The thread that scans files with YARA. */
import { parentPort, workerData } from 'node:worker_threads';
import { Activity } from '../base/activity.ts';
import { guardedHost } from '../engine/guarded-host.ts';
import { leftAlone } from '../host/left-alone.ts';
import { LinuxHost } from '../host/linux/linux-host.ts';
import { filesRules } from '../host/linux/sandbox/kinds.ts';
import { trimHeap } from '../host/linux/trim-heap.ts';
import { loadYara } from '../host/linux/yara-module.ts';
import type { FromScanner, ScannerData, ToScanner } from '../yara/messages.ts';
import { FileScanner } from '../yara/scan-files.ts';
import { CarefulGuard } from './careful-guard.ts';
import { enterSandbox } from './sandbox.ts';

// The module `console` of YARA would write into the output of the agent.
console.log = () => {};

const data = workerData as ScannerData;
const tell = (message: FromScanner) => parentPort!.postMessage(message);
const guard = new CarefulGuard(new Activity(data.activity), leftAlone(data.leftAlone));
tell({ kind: 'sandbox', text: enterSandbox(data.sandboxed, filesRules) });
const scanner = new FileScanner(
  loadYara(data.memoryLimit),
  guardedHost(new LinuxHost(), guard).files,
  data,
  tell,
  () => performance.now(),
  data.trims ? trimHeap : () => {},
);
parentPort!.on('message', (request: ToScanner) => scanner.scan(request));
