import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutText, decodeText, encodeText } from '../../src/base/text.ts';
import { readStart } from '../../src/host/read-start.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { parseTree } from '../../src/testing/tree.ts';

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
