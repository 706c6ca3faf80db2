import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedInput } from '../../src/base/errors.ts';
import { posixZoneAbbreviation } from '../../src/parse/posix-time-zone.ts';
import { zoneNameAt } from '../../src/parse/tzif.ts';
import { loadMachine } from '../../src/testing/machines.ts';

const seconds = (text: string) => Date.parse(text) / 1000;

test('summer time begins and ends to the second', () => {
  const berlin = 'CET-1CEST,M3.5.0,M10.5.0/3';
  for (const [time, name] of [
    ['2024-03-31T00:59:59Z', 'CET'],
    ['2024-03-31T01:00:00Z', 'CEST'],
    ['2024-10-27T00:59:59Z', 'CEST'],
    ['2024-10-27T01:00:00Z', 'CET'],
  ] as const) {
    assert.equal(posixZoneAbbreviation(berlin, seconds(time)), name, time);
  }
});

test('south of the equator summer goes over the new year', () => {
  const sydney = 'AEST-10AEDT,M10.1.0,M4.1.0/3';
  assert.equal(posixZoneAbbreviation(sydney, seconds('2024-01-01T00:00:00Z')), 'AEDT');
  assert.equal(posixZoneAbbreviation(sydney, seconds('2024-06-01T00:00:00Z')), 'AEST');
  assert.equal(posixZoneAbbreviation(sydney, seconds('2024-12-31T23:59:59Z')), 'AEDT');
});

test('names in brackets, days of the year, negative summer time', () => {
  assert.equal(posixZoneAbbreviation('<-03>3', 0), '-03');
  assert.equal(posixZoneAbbreviation('IST-1GMT0,M10.5.0,M3.5.0/1', seconds('2024-01-15T00:00:00Z')), 'GMT');
  const julian = 'AAA0BBB,J60/0,300/0';
  assert.equal(posixZoneAbbreviation(julian, seconds('2024-03-01T12:00:00Z')), 'BBB');
  assert.equal(posixZoneAbbreviation(julian, seconds('2023-02-28T12:00:00Z')), 'AAA');
  assert.equal(posixZoneAbbreviation('EST5EDT', seconds('2024-07-01T00:00:00Z')), 'EDT');
});

test('what is not a zone is none', () => {
  for (const text of ['', 'UTC', 'A0', 'CET-1CEST,M13.1.0,M1.1.0', 'CET-1CEST,x,y', `${'A'.repeat(99999)}0`]) {
    assert.equal(posixZoneAbbreviation(text, 0), undefined, text.slice(0, 40));
  }
});

test('a zone file of one type leaves the name to its rule', () => {
  const content = loadMachine('debian').files.readBytes('/usr/share/zoneinfo/Europe/Berlin');
  assert.deepEqual(zoneNameAt(content, 1717243200), { rule: 'CET-1CEST,M3.5.0,M10.5.0/3' });
  for (let length = 0; length < content.length - 28; length++) {
    assert.throws(() => zoneNameAt(content.subarray(0, length), 0), MalformedInput);
  }
});

test('transitions of a file of version 1', () => {
  const header = Buffer.alloc(44);
  header.write('TZif');
  header.writeUInt32BE(2, 32);
  header.writeUInt32BE(2, 36);
  header.writeUInt32BE(8, 40);
  const body = Buffer.from('000003e8000007d0' + '0100' + '000000000000' + '00000e100104' + '4141410042424200', 'hex');
  const content = Buffer.concat([header, body]);
  assert.deepEqual(
    [0, 1000, 1999, 2000].map((time) => zoneNameAt(content, time)),
    [{ name: 'AAA' }, { name: 'BBB' }, { name: 'BBB' }, { name: 'AAA' }],
  );
});
