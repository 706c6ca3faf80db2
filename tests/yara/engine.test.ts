import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadYara } from '../../src/host/linux/yara-module.ts';
import { compileRules, type YaraRules } from '../../src/yara/engine.ts';

const library = loadYara(64 * 1024 * 1024);

function compiled(...texts: string[]): { rules: YaraRules | undefined; complaints: string[] } {
  const complaints: string[] = [];
  const sources = texts.map((text, i) => ({ path: `/r/${i}.yar`, text }));
  return { rules: compileRules(library, sources, (message) => complaints.push(message)), complaints };
}

function scan(rules: YaraRules | undefined, text: string) {
  const bytes = Buffer.from(text, 'latin1');
  return rules!.scan(bytes.length, (into) => bytes.copy(into));
}

test('what matches: no private rules and strings, the first place of each string', () => {
  const { rules, complaints } = compiled(
    `rule one : t1 t2 { strings: $a = "abc" $b = /x[0-9]+y/ $p = "z" private condition: all of them }
     private rule helper { condition: true }
     global rule every { condition: filesize > 0 }
     rule counts { strings: $ = "abc" $x = "nothing" condition: helper and any of them }
     rule larger { condition: filesize > 1000 }`,
  );
  assert.deepEqual(complaints, []);
  assert.deepEqual(scan(rules, `z${'abc '.repeat(5)}x12y`), [
    { rule: 'one', tags: ['t1', 't2'], strings: ['$a:1', '$b:15'] },
    { rule: 'every', tags: [], strings: [] },
    { rule: 'counts', tags: [], strings: ['$:1'] },
  ]);
  assert.deepEqual(scan(rules, ''), []);
});

test('a file with an error is left out and said: where, what and why', () => {
  const { rules, complaints } = compiled(
    'rule fine { condition: true }',
    'rule half { condition: true }\nrule bad {\n  condition: $b\n}',
    'rule fine { condition: false }',
    'rule x { condition: }',
    'import "magic"\nrule c { condition: true }',
    'rule last { condition: fine }',
    '\0\x01\x02',
  );
  assert.deepEqual(
    scan(rules, 'x').map(({ rule }) => rule),
    ['fine', 'last'],
  );
  assert.deepEqual(complaints, [
    '/r/1.yar:3:14: unknown pattern `$b`: this pattern is not declared in the `strings` section',
    '/r/2.yar:1:6: duplicate rule `fine`: duplicate declaration of `fine`',
    '/r/3.yar:1:21: syntax error: expecting expression or identifier, found `}`',
    '/r/4.yar:1:1: unknown module `magic`: module `magic` not found',
    '/r/6.yar:1:1: syntax error: expecting import statement or rule definition',
  ]);
  assert.equal(compiled('rule x {').rules, undefined);
  assert.equal(compiled().rules, undefined);
});

test('modules that look into files', () => {
  const { rules } = compiled(
    `import "hash" import "math" import "elf" import "pe" import "string" import "time"
     rule digest { condition: hash.md5(0, filesize) == "9a0364b9e99bb480dd25e1f0284c8555" }
     rule even { condition: math.entropy(0, filesize) < 0.1 }
     rule program { condition: elf.type == elf.ET_EXEC or pe.is_pe }`,
  );
  const names = (text: string) => scan(rules, text).map(({ rule }) => rule);
  assert.deepEqual(names('content'), ['digest']);
  assert.deepEqual(names('aaaa'), ['even']);
});

test('bytes that are fewer than they were said to be, or cannot be read', () => {
  const { rules } = compiled('rule r { strings: $a = "abc" condition: $a and filesize == 3 }');
  assert.equal(rules!.scan(1000, (into) => Buffer.from('abc').copy(into)).length, 1);
  const failing = () => {
    throw new Error('EIO');
  };
  assert.throws(() => rules!.scan(1_000_000, failing), /EIO/);
  assert.equal(scan(rules, 'abc').length, 1);
});

test('a scan leaves nothing behind', async () => {
  const { rules } = compiled('rule r { strings: $a = "aa" condition: $a and filesize > 3 }');
  const { Instance, Memory, Module } = WebAssembly;
  const memories: WeakRef<object>[] = [];
  const web = WebAssembly as { Memory: unknown };
  web.Memory = new Proxy(Memory, {
    construct(_, [size]) {
      const memory = new Memory(size);
      memories.push(new WeakRef(memory));
      return memory;
    },
  });
  for (let i = 0; i < 20; i++) assert.equal(scan(rules, 'aaaa').length, 1);
  web.Memory = Memory;
  assert.deepEqual([WebAssembly.Instance, WebAssembly.Module], [Instance, Module]);
  setFlagsFromString('--expose-gc');
  // What a WeakRef was made for stays until the end of the turn.
  await new Promise((resolve) => setImmediate(resolve));
  runInNewContext('gc')();
  const left = memories.filter((memory) => memory.deref() !== undefined).length;
  assert.ok(memories.length === 20 && left <= 1, `${left} of ${memories.length} are left`);
});

test('many scans, and rules that come and go, need no more memory', () => {
  const sizes: number[] = [];
  for (let i = 0; i < 30; i++) {
    const { rules } = compiled('rule r { strings: $a = "aaab" $b = /b[0-9]+c/ condition: any of them }');
    for (let j = 0; j < 10; j++) scan(rules, `aaabcd${'x'.repeat(100_000)}`);
    rules![Symbol.dispose]();
    sizes.push(library.exports.memory.buffer.byteLength);
  }
  assert.equal(sizes.at(-1), sizes[10]);
});

test('a file that matches millions of times is bounded in what comes of it', () => {
  const { rules } = compiled('rule r { strings: $a = "a" condition: $a and #a == 10000 }');
  assert.deepEqual(scan(rules, 'a'.repeat(5_000_000)), [{ rule: 'r', tags: [], strings: ['$a:0'] }]);
});
