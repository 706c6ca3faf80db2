import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusLog } from '../../src/loggers/status-log.ts';
import { StdoutLogger } from '../../src/loggers/stdout.ts';

test('lines of results as they are, status as osquery prints it', async () => {
  let printed = '';
  const logger = new StdoutLogger((text) => {
    printed += text;
  }, assert.fail);
  logger.results(['{"a":1}']);
  logger.snapshots(['{"b":2}']);
  logger.status([{ severity: 'WARNING', time: 0, file: 'x.ts', line: 3, message: 'one\nline' }]);
  await logger.close();
  assert.equal(printed, '{"a":1}\n{"b":2}\nseverity=1 location=x.ts:3 message=one line\n');
});

test('where it cannot print, how many lines were lost', () => {
  const [lines, warnings]: [string[], string[]] = [[], []];
  let room = false;
  const logger = new StdoutLogger(
    (text) => {
      if (!room) throw new Error('ENOSPC');
      lines.push(text);
    },
    (message) => warnings.push(message),
  );
  assert.equal(logger.snapshots(['1', '2']), false);
  // These come again.
  assert.equal(logger.results(['2']), false);
  room = true;
  assert.equal(logger.results(['3']), true);
  assert.deepEqual(lines, ['3\n']);
  assert.deepEqual(warnings, [
    'cannot log: ENOSPC; lines are lost until it goes again',
    'logging again; 2 lines were lost',
  ]);
});

test('with it, status is not printed on standard error as well', () => {
  const [printed, complained]: [string[], string[]] = [[], []];
  const options = { minStatus: 0, minStderr: 0, verbose: false };
  const status = new StatusLog(
    () => options,
    (text) => complained.push(text),
    42,
  );
  status.say('INFO', 'early', 'x.ts');
  status.open([new StdoutLogger((text) => printed.push(text), assert.fail)]);
  status.say('INFO', 'late', 'x.ts');
  assert.equal(printed.join(''), 'severity=0 location=x.ts:0 message=early\nseverity=0 location=x.ts:0 message=late\n');
  assert.deepEqual(
    complained.map((text) => text.trimEnd().split('] ')[1]),
    ['early'],
  );
});
