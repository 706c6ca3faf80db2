import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { versionCollations } from '../../../src/engine/functions/versions.ts';
import { random } from '../support.ts';
import { engineWithFunctions, valueIn } from './support.ts';

const compare = new Map(versionCollations.map(({ name, compare }) => [name, compare]));

/** Oldest first; versions on one line are the same. */
const ORDERS: Readonly<Record<string, readonly string[][]>> = {
  version: [
    [''],
    ['1'],
    ['1.0', '1:0', '1-0', '1~0'],
    ['1.0.0'],
    ['1.2'],
    ['1.9'],
    ['1.a'],
    ['1.01'],
    ['1.10'],
    ['1.10b'],
    ['1.10c'],
    ['2'],
    ['10'],
  ],
  version_arch: [
    ['1.0a'],
    ['1.0alpha'],
    ['1.0b'],
    ['1.0beta'],
    ['1.0p'],
    ['1.0pre'],
    ['1.0rc'],
    ['1.0', '0:1.0', '01.00', '1_0'],
    ['1.0-1'],
    ['1.0-1.1'],
    ['1.0-2'],
    ['1.0-10'],
    ['1.0.a'],
    ['1.0.1'],
    ['1.1'],
    ['1.10'],
    ['1:0.1-1'],
    ['2:0'],
    ['10:0'],
  ],
  version_dpkg: [
    ['1.0~~'],
    ['1.0~~a'],
    ['1.0~'],
    ['1.0~rc1-3'],
    ['1.0', '1.0-0', '0:1.0', '1.00'],
    ['1.0-1~bpo12+1'],
    ['1.0-1'],
    ['1.0-1ubuntu1.9'],
    ['1.0-1ubuntu1.10'],
    ['1.0-1+b1'],
    ['1.0-10'],
    ['1.0a'],
    ['1.0+dfsg-1'],
    ['1.0-1-1'],
    ['1.0.1'],
    ['1.9'],
    ['1.10'],
    ['1:0.5'],
    ['12:0'],
  ],
  version_rhel: [
    ['1.0~beta2'],
    ['1.0~rc1'],
    ['1.0~rc1^git1'],
    ['1.0~rc2'],
    ['1.0', '1_0', '0:1.0', '1.0.'],
    ['1.0-1.el9'],
    ['1.0-1.el9_2'],
    ['1.0-1.el10'],
    ['1.0-2.el9'],
    ['1.0^git1'],
    ['1.0^git2'],
    ['1.0a'],
    ['1.0.security1'],
    ['1.0.1'],
    ['1.10'],
    ['1:0.1'],
    ['32:0'],
  ],
};

for (const [name, order] of Object.entries(ORDERS)) {
  test(`${name}: known versions are in order`, () => {
    const by = compare.get(name)!;
    const versions = order.flatMap((same, place) => same.map((version) => ({ version, place })));
    for (const a of versions) {
      for (const b of versions) {
        const expected = Math.sign(a.place - b.place);
        assert.equal(Math.sign(by(a.version, b.version)), expected, `${a.version} and ${b.version}`);
      }
    }
  });
}

/** Short, of few characters, so that many are close to one another or the same. */
function someVersions(seed: number): string[] {
  const next = random(seed);
  const alphabet = '0019ab.-+~^:_é';
  return Array.from({ length: 60 }, () => {
    let version = '';
    for (let length = next() * 6; length > 0; length--) version += alphabet[Math.floor(next() * alphabet.length)];
    return version;
  });
}

for (const { name, compare } of versionCollations) {
  describe(`${name} is a total order`, () => {
    for (let seed = 1; seed <= 4; seed++) {
      test(`seed ${seed}`, () => {
        const versions = someVersions(seed);
        const sign = versions.map((a) => versions.map((b) => Math.sign(compare(a, b))));
        for (const [i, a] of versions.entries()) {
          assert.equal(sign[i]![i], 0, `"${a}" with itself`);
          for (const [j, b] of versions.entries()) {
            assert.equal(sign[i]![j]! + sign[j]![i]!, 0, `"${a}", "${b}": the other way round`);
            if (sign[i]![j]! > 0) continue;
            for (const [k, c] of versions.entries()) {
              if (sign[j]![k]! > 0) continue;
              // a <= b <= c: a <= c, and the same only where all three are.
              const expected = Math.min(sign[i]![j]!, sign[j]![k]!);
              assert.equal(sign[i]![k], expected, `"${a}" <= "${b}" <= "${c}"`);
            }
          }
        }
      });
    }
  });
}

test('a version of a million parts is compared at once', () => {
  const long = '1.'.repeat(500_000);
  for (const { compare } of versionCollations) assert.ok(compare(`${long}1`, `${long}2`) < 0);
  for (const { compare } of versionCollations) assert.ok(compare('9'.repeat(1_000_000), '9'.repeat(999_999)) > 0);
});

describe('version_compare', () => {
  const { engine } = engineWithFunctions();
  const cases: readonly [string, number][] = [
    ["'1.2.3', '1.2.3'", 0],
    ["'1.2.10', '1.2.9'", 1],
    ["'', '1'", -1],
    // Without a release on one side it does not count.
    ["'1.0', '1.0-3', 'ARCH'", 0],
    ["'4:2-1', '4:2', 'arch'", 0],
    ["'1.0', '1.0-3.el9', 'RHEL'", 0],
    ["'1.0-2.el9', '1.0-3.el9', 'Rhel'", -1],
    ["'1.0', '1.0-3', 'DPKG'", -1],
    ["'1.0', '1.0-0', 'dpkg'", 0],
    ["'1.0~rc1', '1.0', 'DPKG'", -1],
    ["'0:1.0', '1.0', 'DPKG'", 0],
  ];
  for (const [args, expected] of cases) {
    test(args, () => assert.equal(valueIn(engine, `version_compare(${args})`), expected));
  }

  for (const args of ['', "'1'", "'1', 2", "NULL, '1'", "'1', NULL"]) {
    test(`(${args}): two texts are needed`, () => {
      assert.throws(() => valueIn(engine, `version_compare(${args})`), /Must provide two version strings to compare\./);
    });
  }
  test('the flavour is a known text', () => {
    assert.throws(() => valueIn(engine, "version_compare('1', '1', 1)"), /third parameter is not a string/);
    assert.throws(() => valueIn(engine, "version_compare('1', '1', 'APK')"), /ARCH, DPKG, RHEL/);
  });
});

test('order by and distinct use the collations', () => {
  const { engine } = engineWithFunctions();
  const list = `json_each('["1.10", "1.9", "1.0~rc1", "1.0", "1.00"]')`;
  const sorted = engine.query(`select value from ${list} order by value collate version_dpkg`).rows.flat();
  assert.deepEqual(sorted.slice(0, 1), ['1.0~rc1']);
  assert.deepEqual(sorted.slice(3), ['1.9', '1.10']);
  assert.equal(valueIn(engine, `count(distinct value collate version_dpkg) from ${list}`), 4);
});
