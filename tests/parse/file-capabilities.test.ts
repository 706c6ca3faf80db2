/** Capabilities in the words of `getcap` (libcap 2.66), which is asked where it is and we may set some. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { LinuxHost } from '../../src/host/linux/linux-host.ts';
import { formatFileCapabilities } from '../../src/parse/file-capabilities.ts';
import { random } from '../engine/support.ts';

/** Revision 2: permitted and inheritable, bits 0 to 31, then 32 to 63. */
function attribute(effective: boolean, permitted: bigint, inheritable: bigint): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt32LE(0x02000000 + (effective ? 1 : 0), 0);
  for (const [word, at] of [
    [permitted, 4],
    [inheritable, 8],
  ] as const) {
    bytes.writeUInt32LE(Number(word & 0xffffffffn), at);
    bytes.writeUInt32LE(Number(word >> 32n), at + 8);
  }
  return bytes;
}

test('in the order of libcap', () => {
  for (const [bytes, text] of [
    // cap_chown=ep, and cap_net_raw=ei
    [attribute(true, 1n, 1n << 13n), 'cap_net_raw=ei cap_chown+ep'],
    [attribute(true, 3n, 3n), 'cap_chown,cap_dac_override=eip'],
    [attribute(false, 1n, 2n), 'cap_dac_override=i cap_chown+p'],
    [attribute(false, 0n, 0n), '='],
    [attribute(true, (1n << 41n) - 1n, 0n), '=ep'],
    [attribute(true, (1n << 41n) - 1n - (1n << 39n), 0n), '=ep cap_bpf-ep'],
    [attribute(true, 1n << 58n, 0n), '= 58+ep'],
    [attribute(true, (1n << 58n) + 1n, 0n), 'cap_chown=ep 58+ep'],
  ] as const) {
    assert.equal(formatFileCapabilities(bytes, 'test'), text);
  }
});

const missing = ['setcap', 'getcap'].find((program) => spawnSync(program, ['-h']).error !== undefined);
const skip = process.getuid?.() !== 0 ? 'needs root' : missing === undefined ? false : `needs ${missing}`;

test('as getcap says', { skip }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-capabilities-'));
  const { files } = new LinuxHost();
  const next = random(3);
  const names = 'chown,kill,setuid,net_raw,sys_admin,mknod,setfcap,syslog,bpf'.split(',');
  try {
    for (let round = 0; round < 20; round++) {
      const path = join(folder, `${round}`);
      writeFileSync(path, '');
      // Effective is one bit for all.
      const effective = next() < 0.5 ? 'e' : '';
      const clauses = names
        .filter(() => next() < 0.5)
        .map((name) => `cap_${name}=${effective}${['i', 'p', 'ip'][Math.floor(next() * 3)]}`);
      if (spawnSync('setcap', [clauses.join(' ') || '=', path]).status !== 0)
        return t.skip('no capabilities on this file system');
      const { stdout } = spawnSync('getcap', [path], { encoding: 'utf8' });
      const bytes = files.attributes(path).get('security.capability');
      assert.ok(bytes !== undefined);
      assert.equal(formatFileCapabilities(bytes, path), stdout.trim().slice(path.length + 1));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
