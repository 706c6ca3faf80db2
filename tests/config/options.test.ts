import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { OSQUERY_VERSION, VERSION } from '../../src/base/version.ts';
import { helpText } from '../../src/config/help.ts';
import { OptionValues } from '../../src/config/option-values.ts';
import { allOptions, secretOptions } from '../../src/config/options.ts';
import { ShellAgent } from '../../src/main/agent.ts';
import { osqueryFlags } from '../../src/tables/osquery/osquery_flags.ts';
import { engineWith, noHost } from '../engine/support.ts';

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
  for (const line of text.split('\n')) assert.ok(line.length <= 100, line);
  const words = text.replaceAll(/\s+/g, ' ');
  for (const [name, , , kind, description] of allOptions)
    assert.equal(words.includes(` ${description} `), kind !== 'hidden', name);
});

test('an option has its value under an older name, too', () => {
  const values = new OptionValues();
  values.set(values.declaration('db_path')!, '/elsewhere');
  assert.equal(values.string('database_path'), '/elsewhere');
  assert.equal(values.isSet('database_path'), true);
  assert.equal(values.isSet('logger_path'), false);
});

describe('osquery_flags', () => {
  const columns = 'name, type, description, default_value, value, shell_only';

  function rowsWith(values: OptionValues): unknown[] {
    const { engine } = engineWith([osqueryFlags], { agent: new ShellAgent(values, noHost, () => {}) });
    return engine.query(`select ${columns} from osquery_flags`).rows;
  }

  test('is what is declared, with the values in force', () => {
    const values = new OptionValues();
    values.set(values.declaration('events_max')!, '0x10');
    values.set(values.declaration('verbose')!, 'YES');
    const inForce = new Map([
      ['events_max', '16'],
      ['verbose', 'true'],
    ]);
    assert.deepEqual(
      rowsWith(values),
      allOptions.map(([name, type, initial, kind, description]) => [
        name,
        type,
        description,
        initial,
        inForce.get(name) ?? initial,
        kind === 'shell' ? 1 : 0,
      ]),
    );
  });

  test('shows no secret', () => {
    const values = new OptionValues();
    for (const name of secretOptions) values.set(values.declaration(name)!, 'hunter2');
    const rows = rowsWith(values) as string[][];
    assert.doesNotMatch(JSON.stringify(rows), /hunter2/);
    for (const [name, , , , value] of rows) if (secretOptions.has(name!)) assert.equal(value, '********', name);
  });
});

test('the version is that of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
  assert.equal(VERSION, version);
  assert.match(OSQUERY_VERSION, /^5\.\d+\.\d+$/);
});
