import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HostError } from '../../../src/base/errors.ts';
import { type FunctionOptions, functions } from '../../../src/engine/functions/index.ts';
import type { FileStat } from '../../../src/host/host.ts';
import { functionPage } from '../../../tools/generate/function-page.ts';
import { engineWith } from '../support.ts';

/** A machine on which the examples answer the same everywhere. */
const options: FunctionOptions = {
  files: {
    stat(path) {
      if (path !== '/bin/sh') throw new HostError('ENOENT', path, 'stat');
      return { kind: 'regular' } as FileStat;
    },
  },
  carve: () => '7c4a8d09-ca37-4c5e-9b1f-0d6f2b1c3e55',
};

test('docs/sql-functions.md is fresh (UPDATE_GOLDENS=1 writes it)', () => {
  const set = functions(options);
  const { path, content } = functionPage(engineWith([], { functions: set }).engine, set);
  const file = join(import.meta.dirname, '../../..', path);
  if (process.env.UPDATE_GOLDENS === '1') writeFileSync(file, content);
  assert.equal(readFileSync(file, 'utf8'), content);
});
