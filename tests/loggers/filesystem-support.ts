/** A folder for logs, made anew for each test, and the logger that writes there. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'node:test';
import { logFiles } from '../../src/host/linux/log-files.ts';
import { FilesystemLogger, type FilesystemOptions } from '../../src/loggers/filesystem.ts';
import type { LogFiles } from '../../src/loggers/log-files.ts';
import type { Severity, StatusLine } from '../../src/loggers/logger.ts';

process.env['TZ'] = 'UTC';
export const STARTED = Date.UTC(2026, 10, 23, 11, 59, 0);

export let folder = '';
export let warnings: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osquery-logs-'));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

export function logger(options: Partial<FilesystemOptions> = {}, files: LogFiles = logFiles): FilesystemLogger {
  const all = {
    directory: folder,
    mode: 0o640,
    program: 'osqueryd',
    host: 'host-1',
    pid: 21812,
    startedMs: STARTED,
    ...options,
  };
  return new FilesystemLogger(files, all, (message) => warnings.push(message));
}

export const read = (name: string) => readFileSync(join(folder, name), 'utf8');
export const said = (severity: Severity, message: string, after = 2000): StatusLine => ({
  severity,
  time: STARTED + after,
  file: 'x.ts',
  line: 7,
  message,
});
