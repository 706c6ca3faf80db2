import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutText, decodeText, encodeText } from '../../src/base/text.ts';
import { readStart } from '../../src/host/read-start.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { parseTree } from '../../src/testing/tree.ts';
import { random } from '../engine/support.ts';

test('a text is cut between characters', () => {
  const text = 'aé😀b';
  const cuts = [0, 1, 2, 3, 4, 5, 6].map((length) => cutText(text, length));
  assert.deepEqual(cuts, ['', 'a', 'aé', 'aé', 'aé😀', 'aé😀b', 'aé😀b']);
  // A byte that is not UTF-8 is a character.
  const bytes = decodeText(Buffer.from([0x61, 0xff, 0xfe]));
  assert.deepEqual(encodeText(cutText(bytes, 2)), Buffer.from([0x61, 0xff]));
});

test('the beginning of a file ends at a character, too', () => {
  const { files } = new MemoryHost(
    parseTree('/proc/1/cmdline\n> aé€😀b\n/proc/2/cmdline\n\\ a\\x80\\x80\\x80\\x80b\n'),
  );
  const starts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((limit) => readStart(files, '/proc/1/cmdline', limit));
  assert.deepEqual(
    starts.map(({ text }) => text),
    ['a', 'a', 'aé', 'aé', 'aé', 'aé€', 'aé€', 'aé€', 'aé€', 'aé€😀', 'aé€😀b', 'aé€😀b'],
  );
  assert.deepEqual(
    starts.map(({ cut }) => cut),
    [...Array(10).fill(true), false, false],
  );
  assert.equal(readStart(files, '/proc/2/cmdline', 4).text, 'a\udc80\udc80\udc80', 'bytes that begin nothing');
});

/** Characters of every length, bytes that are none, halves of pairs as bytes, cut characters. */
const PIECES = ['61', '00', 'ff', '80', 'c3a9', 'e282ac', 'f09f9880', 'eda080', 'efbfbd', 'c0', 'e282', 'f4908080'];

test('bytes become a text and the text these bytes, whatever they are', () => {
  const next = random(11);
  for (let round = 0; round < 20_000; round++) {
    const some = Array.from({ length: next() * 9 }, () => PIECES[Math.floor(next() * PIECES.length)]);
    const bytes = Buffer.from(some.join(''), 'hex');
    const text = decodeText(bytes);
    assert.deepEqual(encodeText(text), bytes, some.join(' '));
    // What is UTF-8 is what it was; a byte that is not stands as itself in the low half of a pair.
    assert.equal(text.replace(/[\udc80-\udcff]/g, '').includes('\ud800'), false);
    if (!text.includes('\udc80') && bytes.toString().includes('\ufffd') === false) assert.equal(text, bytes.toString());
  }
});

test('characters across the pieces that a text is made of', () => {
  for (let before = 32_760; before < 32_776; before++) {
    const bytes = Buffer.concat([Buffer.alloc(before, 0xff), Buffer.from('😀é€b')]);
    assert.equal(decodeText(bytes), `${'\udcff'.repeat(before)}😀é€b`);
  }
});

test('halves of pairs that stand for no byte are written as U+FFFD', () => {
  assert.deepEqual(encodeText('a\ud83db\udc00c\udc80'), Buffer.from('61efbfbd62efbfbd6380', 'hex'));
  assert.deepEqual(encodeText('\ud83d\udc80'), Buffer.from('💀'));
});

test('megabytes of bytes that are not UTF-8 take no longer than others', () => {
  for (const unit of ['ff', 'ff61', 'c3', 'efbfbd80']) {
    const bytes = Buffer.alloc(8_000_000, unit, 'hex');
    const start = performance.now();
    assert.ok(encodeText(decodeText(bytes)).equals(bytes));
    // A small text for each of them took a minute.
    assert.ok(performance.now() - start < 10_000, unit);
  }
});
