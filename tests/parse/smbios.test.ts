import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSmbios, SMBIOS_PATH } from '../../src/parse/smbios.ts';
import { loadMachine } from '../../src/testing/machines.ts';

const table = loadMachine('debian').files.readBytes(SMBIOS_PATH);

test('structures up to the end of the table', () => {
  const structures = [...parseSmbios(Buffer.concat([table, Buffer.from('more')]))];
  assert.deepEqual(
    structures.map(({ type, handle }) => [type, handle]),
    [
      [0, 0],
      [1, 1],
      [2, 2],
      [4, 4],
      [4, 5],
      [127, 6],
    ],
  );
  const [firmware] = structures;
  assert.equal(firmware?.string(0x05), 'EF 2.14.1');
  assert.equal(firmware?.stringAt(4), '');
  assert.equal(firmware?.stringAt(0), '');
  assert.equal(firmware?.u16(0x18), 32);
  assert.equal(firmware?.u32(0x18), undefined);
});

test('a cut table gives the structures before the cut', () => {
  for (let length = 0; length < table.length; length++) {
    const count = [...parseSmbios(table.subarray(0, length))].length;
    assert.ok(count <= 6);
  }
});

test('lengths that lie end the walk', () => {
  assert.deepEqual([...parseSmbios(Buffer.from([1, 0, 1, 0, 0, 0]))], []);
  assert.deepEqual([...parseSmbios(Buffer.from([1, 3, 1, 0, 0, 0]))], []);
  assert.deepEqual([...parseSmbios(Buffer.from([1, 255, 1, 0, 0, 0]))], []);
  assert.deepEqual([...parseSmbios(Buffer.alloc(64))], []);
});
