import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Logger, StatusLine } from '../../src/loggers/logger.ts';
import { StatusLog, type StatusLogOptions } from '../../src/loggers/status-log.ts';

let printed: string[];
let logged: StatusLine[];
let options: StatusLogOptions;
beforeEach(() => {
  [printed, logged] = [[], []];
  options = { minStatus: 0, minStderr: 0, verbose: false };
});

const logger: Logger = {
  results: () => assert.fail(),
  snapshots: () => assert.fail(),
  status: (lines) => void logged.push(...lines),
  close: async () => {},
};
const statusLog = () =>
  new StatusLog(
    () => options,
    (text) => printed.push(text),
    42,
  );
const messages = () => logged.map(({ severity, message }) => `${severity} ${message}`);

test('what is said goes to loggers and to standard error, from the severity of each on', () => {
  const log = statusLog();
  log.open([logger]);
  const say = log.from('scheduler.ts');
  options = { minStatus: 1, minStderr: 2, verbose: false };
  say('INFO', 'a');
  say('WARNING', 'b');
  say('ERROR', 'c');
  assert.deepEqual(messages(), ['WARNING b', 'ERROR c']);
  assert.equal(printed.length, 1);
  assert.match(printed[0]!, /^E\d{4} \d\d:\d\d:\d\d\.\d{6} 42 scheduler\.ts:0\] c\n$/);
  assert.deepEqual([logged[0]!.file, Math.abs(logged[0]!.time - Date.now()) < 60_000], ['scheduler.ts', true]);
});

test('what is said early waits for the loggers, but not without end', () => {
  const log = statusLog();
  for (let i = 0; i < 1100; i++) log.say('WARNING', `m${i}`, 'x.ts');
  log.say('INFO', 'too much', 'x.ts');
  options = { ...options, minStatus: 1 };
  log.open([logger]);
  assert.equal(logged.length, 1000);
  assert.equal(messages()[0], 'WARNING m0');
  assert.equal(printed.length, 1101);
});

test('details are said where somebody wants them', () => {
  const log = statusLog();
  log.open([logger]);
  log.detail('quiet', 'x.ts');
  options = { ...options, verbose: true };
  log.detail('loud', 'x.ts');
  assert.deepEqual(messages(), ['INFO loud']);
});

test('what another process has printed already is only logged', () => {
  const log = statusLog();
  log.open([logger]);
  log.say('ERROR', 'worker ended', 'watcher.ts', { printed: true });
  assert.deepEqual([messages(), printed], [['ERROR worker ended'], []]);
});

test('a message has an end: what somebody named may be in it', () => {
  const log = statusLog();
  log.open([logger]);
  log.say('ERROR', 'x'.repeat(10_000_000), 'x.ts');
  assert.equal(logged[0]!.message, `${'x'.repeat(8192)}…`);
});
