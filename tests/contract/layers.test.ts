import assert from 'node:assert/strict';
import { test } from 'node:test';
import { violations } from '../../tools/layers.ts';

/** The first words of what is said against `source` in `file`. */
function against(file: string, source: string): string[] {
  return violations(file, source).map(({ line, imported, reason }) => `${line} ${imported} ${reason.split(/[;,]/)[0]}`);
}

test('the flow: an earlier folder is free, a later or a neighbouring one is not', () => {
  const table = 'src/tables/system/uptime.ts';
  assert.deepEqual(against(table, `import { text } from '../../schema/columns.ts';`), []);
  assert.deepEqual(against(table, `import { Engine } from '../../engine/engine.ts';`), [
    '1 ../../engine/engine.ts src/tables/ comes before src/engine/ in the flow',
  ]);
  assert.deepEqual(against('src/parse/passwd.ts', `import type { Host } from '../host/host.ts';`), [
    '1 ../host/host.ts src/parse/ comes beside src/host/ in the flow',
  ]);
  assert.deepEqual(against('src/engine/engine.ts', `import './statement.ts';`), [
    '1 ./statement.ts an import for its side effect',
  ]);
});

test('tables and parsers import no sibling and no module of Node but node:path', () => {
  assert.deepEqual(
    against(
      'src/tables/system/uptime.ts',
      `import { join } from 'node:path';
import { createHash } from 'node:crypto';
import {
  users,
} from '../users/users.ts';
export { groups } from '../users/groups.ts';
const lazy = await import('./time.ts');
`,
    ).map((line) => line.split(' ', 3).join(' ')),
    ['2 node:crypto src/tables/', '5 ../users/users.ts a', '6 ../users/groups.ts a', '7 ./time.ts a'],
  );
  assert.equal(against('src/parse/rpm.ts', `import { parseElf } from './elf.ts';`).length, 1);
  assert.deepEqual(against('src/tables/index.ts', `import { createRequire } from 'node:module';`), []);
});

test('only src/host/linux reaches the machine, and only late folders reach src/host/linux', () => {
  assert.deepEqual(against('src/host/linux/files.ts', `import { readSync } from 'node:fs';`), []);
  assert.equal(against('src/config/files.ts', `import { readSync } from 'node:fs';`).length, 1);
  assert.equal(against('src/engine/engine.ts', `import { LinuxHost } from '../host/linux/linux-host.ts';`).length, 1);
  assert.deepEqual(against('src/main/osqueryi.ts', `import { LinuxHost } from '../host/linux/linux-host.ts';`), []);
});

test('only src/remote speaks to other machines, and touches nothing else of this one', () => {
  assert.deepEqual(against('src/remote/exchange.ts', `import { request } from 'node:http';`), []);
  assert.equal(against('src/loggers/tls.ts', `import { request } from 'node:https';`).length, 1);
  assert.equal(against('src/host/linux/proxy.ts', `import { connect } from 'node:tls';`).length, 1);
  assert.equal(against('src/remote/authorities.ts', `import { readFileSync } from 'node:fs';`).length, 1);
});

test('fakes are for tests', () => {
  assert.equal(against('src/host/host.ts', `import { MemoryHost } from '../testing/memory-host.ts';`).length, 1);
  assert.deepEqual(against('src/testing/memory-host.ts', `import { readFileSync } from 'node:fs';`), []);
});
