import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { engineWithFunctions, valueIn } from './support.ts';

test('carve starts once for all paths, in whatever rows they come', () => {
  const carved: (readonly string[])[] = [];
  const { engine } = engineWithFunctions({
    carve(paths) {
      carved.push(paths);
      return 'some-id';
    },
  });
  const paths = `json_each('["/etc/hosts", "/etc/passwd", null, "/etc/hosts"]')`;
  assert.equal(valueIn(engine, `carve(value) from ${paths}`), 'Carve Started: some-id');
  assert.deepEqual(carved, [['/etc/hosts', '/etc/passwd']]);
});

test('carve says where it is disabled', () => {
  assert.equal(valueIn(engineWithFunctions().engine, "carve('/etc/hosts')"), 'Carve Failed: function disabled');
});

test('sleep answers its seconds and can be stopped', () => {
  const { engine } = engineWithFunctions({
    check() {
      throw new Error('interrupted');
    },
  });
  assert.equal(valueIn(engine, 'sleep(0)'), 0);
  assert.equal(valueIn(engine, 'sleep(-5)'), 0);
  assert.throws(() => valueIn(engine, 'sleep(1000000)'), /interrupted/);
});

test('what is costly to load is loaded by the first call that needs it', () => {
  const script = `
    const { functions } = await import('./src/engine/functions/index.ts');
    const { createRequire } = await import('node:module');
    const require = createRequire(import.meta.url);
    const loaded = () => Object.keys(require.cache).some((path) => path.includes('re2js'));
    const { scalars } = functions();
    const before = loaded();
    scalars.find(({ name }) => name === 'regexp').call('a', 'a');
    process.stdout.write(before + ' ' + loaded());
  `;
  const cwd = join(import.meta.dirname, '../../..');
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd, encoding: 'utf8' });
  assert.equal(stdout, 'false true');
});
