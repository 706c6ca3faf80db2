/** The kernel's audit for a test: it has one daemon, so tests take turns. */
import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { AuditSocket } from '../../../src/host/linux/audit-socket.ts';
import { isRunning } from './daemon.ts';

/** Flags with which the daemon hears audit. */
export const AUDIT = ['--disable_audit=false', '--audit_allow_config', '--logger_min_stderr=2'];

const LOCK = join(tmpdir(), 'osquery-audit-test');
/** Longer than any test takes: who holds the lock so long was killed. */
const STALE_MS = 120_000;

/** A daemon that was killed is one until the kernel has something to say to it. */
export function auditState() {
  using socket = new AuditSocket();
  const { enabled, pid } = socket.status();
  return { enabled, pid: isRunning(pid) ? pid : 0 };
}

/** Whether the test has audit for itself, until it ends; else it is skipped, and says why. */
export async function takeAudit(t: TestContext): Promise<boolean> {
  try {
    auditState();
  } catch (cause) {
    t.skip(`no audit: ${(cause as Error).message}`);
    return false;
  }
  let pid = 0;
  for (const deadline = Date.now() + STALE_MS; Date.now() < deadline; ) {
    if (lock()) {
      pid = auditState().pid;
      if (pid === 0) {
        t.after(() => rmdirSync(LOCK));
        return true;
      }
      rmdirSync(LOCK);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  t.skip(`no audit: process ${pid} is the audit daemon`);
  return false;
}

function lock(): boolean {
  try {
    mkdirSync(LOCK);
    return true;
  } catch {
    const since = statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - since > STALE_MS) rmdirSync(LOCK);
    return false;
  }
}
