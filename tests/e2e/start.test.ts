/** The programs as users start them: from a checkout, from the published package, with an old Node, as nobody. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { NODE_FLAGS } from '../../tools/node-flags.ts';

const root = join(import.meta.dirname, '../..');
const NOBODY = 65534;
const QUERY = ['--json', 'select 1 as one'];
const ANSWER = '[\n  {"one":"1"}\n]\n';

/** `command` run without standard input, its Node found on the PATH of this test. */
function run(command: string, args: readonly string[], options: { uid?: number; gid?: number } = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    ...options,
  });
  if (error) throw error;
  return { status, stdout, stderr };
}

test('from a checkout', () => {
  assert.deepEqual(run(join(root, 'bin/osqueryi.js'), QUERY), { status: 0, stdout: ANSWER, stderr: '' });
});

test('the first line of each program has the flags that the image of SQLite was made with', () => {
  for (const name of readdirSync(join(root, 'bin')).filter((name) => name.startsWith('osquery'))) {
    const [line] = readFileSync(join(root, 'bin', name), 'utf8').split('\n');
    assert.equal(line, `#!/usr/bin/env -S node ${NODE_FLAGS.join(' ')}`, name);
  }
});

describe('from the published package', () => {
  let home = '';
  const program = () => join(home, 'bin/osqueryi.js');

  before(() => {
    home = mkdtempSync(join(tmpdir(), 'osquery-package-'));
    chmodSync(home, 0o755);
    const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    for (const folder of files.filter((folder: string) => folder !== 'dist')) {
      cpSync(join(root, folder), join(home, folder), { recursive: true });
    }
    const build = run(process.execPath, [join(root, 'tools/build.ts'), '--out', join(home, 'dist')]);
    assert.equal(build.status, 0, build.stderr);
    symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  });
  after(() => rmSync(home, { recursive: true }));

  test('the bundle alone', () => {
    assert.deepEqual(run(program(), QUERY), { status: 0, stdout: ANSWER, stderr: '' });
  });

  test('the machine code in the image is taken', () => {
    const script = `
      const { readFileSync } = require('fs');
      const { splitImage } = require(${JSON.stringify(join(root, 'src/base/sqlite-image.ts'))});
      const { wasm, code } = splitImage(readFileSync(${JSON.stringify(join(home, 'dist/sqlite3.image'))}), process.version + process.arch);
      console.log(%DeserializeWasmModule(code, wasm) instanceof WebAssembly.Module);`;
    assert.equal(run(process.execPath, [...NODE_FLAGS, '-e', script]).stdout, 'true\n');
  });

  test('YARA is found by the thread that needs it', () => {
    const script = `
      const { Worker } = require('node:worker_threads');
      const workerData = { groups: new Map([['g', [process.argv[1]]]]), sizeLimit: 1e6, memoryLimit: 64e6, trims: true,
        sandboxed: true, activity: new SharedArrayBuffer(4096), leftAlone: [] };
      const thread = new Worker(process.argv[2], { workerData, trackUnmanagedFds: false });
      thread.postMessage({ id: 1, path: process.argv[1], groups: ['g'] });
      thread.on('message', (message) => {
        if (message.kind === 'complains' || message.kind === 'answers') console.log(JSON.stringify(message));
        if (message.kind === 'answers') process.exit();
      });`;
    const rules = join(root, 'tests/captures/yara-etc.yar');
    const { stdout, stderr } = run(process.execPath, ['-e', script, rules, join(home, 'dist/yara-thread.js')]);
    const match = { rule: 'small', tags: ['machine'], strings: [] };
    assert.equal(stderr, '');
    const { outcome } = JSON.parse(stdout);
    assert.deepEqual(
      outcome.matches.find(({ rule }: { rule: string }) => rule === 'small'),
      match,
    );
  });

  test('a bundle with an image of another Node', () => {
    // Without the flags V8's functions cannot be named, as where the image does not fit: SQLite is compiled anew.
    assert.deepEqual(run(process.execPath, [program(), ...QUERY]), { status: 0, stdout: ANSWER, stderr: '' });
  });

  test('as nobody, who cannot write beside the program', (t) => {
    if (process.getuid?.() !== 0) return t.skip('only root can become nobody');
    const { status, stdout, stderr } = run(program(), QUERY, { uid: NOBODY, gid: NOBODY });
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: ANSWER, stderr: '' });
  });

  test('code compiled earlier is kept beside the program, and nowhere that others can write', () => {
    run(program(), QUERY);
    assert.ok(existsSync(join(home, 'dist/.cache')));
  });
});

describe('with an old Node', () => {
  const old = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => existsSync(path) && major(path) < 24);

  function major(node: string): number {
    return Number.parseInt(run(node, ['-p', 'process.versions.node']).stdout, 10);
  }

  test('a checkout goes on with the Node it brought', (t) => {
    if (old === undefined) return t.skip('this machine has no older Node');
    assert.deepEqual(run(old, [join(root, 'bin/osqueryi.js'), ...QUERY]), { status: 0, stdout: ANSWER, stderr: '' });
  });

  test('the package says what it needs', (t) => {
    if (old === undefined) return t.skip('this machine has no older Node');
    const home = mkdtempSync(join(tmpdir(), 'osquery-old-'));
    cpSync(join(root, 'bin'), join(home, 'bin'), { recursive: true });
    const { status, stderr } = run(old, [join(home, 'bin/osqueryi.js'), ...QUERY]);
    rmSync(home, { recursive: true });
    assert.equal(status, 1);
    assert.match(stderr, /^osqueryi needs Node 24 or newer; this is v/);
  });
});
