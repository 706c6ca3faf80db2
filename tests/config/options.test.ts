import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OSQUERY_VERSION, VERSION } from '../../src/base/version.ts';
import { helpText } from '../../src/config/help.ts';
import { OptionValues } from '../../src/config/option-values.ts';
import { allOptions } from '../../src/config/options.ts';

test('every default is a value of its type', () => {
  for (const declaration of allOptions) {
    const values = new OptionValues();
    values.set(declaration, declaration[2]);
    assert.equal(values.string(declaration[0]), declaration[2], declaration[0]);
  }
});

test('every option says what it does', () => {
  for (const [name, , , , description] of allOptions) {
    assert.match(description, /^[A-Z0-9].{8,}[^.]$/, name);
  }
});

test('--help shows every option that is not hidden, those of the shell only for the shell', () => {
  const text = helpText('osqueryi', '9.9.9');
  for (const [name, , , kind] of allOptions) {
    assert.equal(new RegExp(`^    --${name} `, 'm').test(text), kind !== 'hidden', name);
  }
  assert.match(text, /^osqueryi 9\.9\.9/);
  assert.doesNotMatch(helpText('osqueryd', '9.9.9'), /--json_pretty/);
  for (const line of text.split('\n')) assert.ok(line.length <= 160, line);
});

test('an option has its value under an older name, too', () => {
  const values = new OptionValues();
  values.set(values.declaration('db_path')!, '/elsewhere');
  assert.equal(values.string('database_path'), '/elsewhere');
  assert.equal(values.isSet('database_path'), true);
  assert.equal(values.isSet('logger_path'), false);
});

test('the version is that of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
  assert.equal(VERSION, version);
  assert.match(OSQUERY_VERSION, /^5\.\d+\.\d+$/);
});
