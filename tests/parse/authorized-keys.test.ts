/** Lines of authorized_keys that sshd takes; the judge is `ssh-keygen -lf`, which reads them with the same function. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAuthorizedKeys } from '../../src/parse/authorized-keys.ts';

const algorithms = (content: string) => [...parseAuthorizedKeys(content)].map(({ algorithm }) => algorithm);

const NAMES = (
  'ssh-rsa ssh-dss ssh-ed25519 rsa-sha2-256 rsa-sha2-512 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 ' +
  'sk-ssh-ed25519@openssh.com sk-ecdsa-sha2-nistp256@openssh.com webauthn-sk-ecdsa-sha2-nistp256@openssh.com ' +
  'ssh-xmss@openssh.com ssh-rsa-cert-v01@openssh.com ssh-dss-cert-v01@openssh.com ssh-ed25519-cert-v01@openssh.com ' +
  'rsa-sha2-256-cert-v01@openssh.com rsa-sha2-512-cert-v01@openssh.com ecdsa-sha2-nistp256-cert-v01@openssh.com ' +
  'ecdsa-sha2-nistp384-cert-v01@openssh.com ecdsa-sha2-nistp521-cert-v01@openssh.com ' +
  'sk-ssh-ed25519-cert-v01@openssh.com sk-ecdsa-sha2-nistp256-cert-v01@openssh.com ssh-xmss-cert-v01@openssh.com'
).split(' ');

test('every name of an algorithm, with and without options', () => {
  for (const name of NAMES) {
    assert.deepEqual(algorithms(`${name} AAAA c\n  no-pty,command="x \\"ssh-rsa y"\t${name}\tAAAA\n`), [name, name]);
  }
  assert.deepEqual(algorithms('rsa-sha2-1 AAAA\nssh-rsax AAAA\nrsa-cert AAAA\nno-pty\n'), []);
});

test('short names of older versions, and names that only the key knows', () => {
  assert.deepEqual(algorithms('RSA AAAAB3\ned25519-sk AAAAB3\nrsa x\n'), ['RSA', 'ed25519-sk']);
  const name = 'ssh-mldsa-65@example.org';
  const key = Buffer.concat([Buffer.from([0, 0, 0, name.length]), Buffer.from(name), Buffer.alloc(40)]).toString(
    'base64',
  );
  assert.deepEqual(algorithms(`${name} ${key}\nno-pty ${name} ${key}\nother@example.org ${key}\n`), [name, name]);
});

const keygen = spawnSync('ssh-keygen', ['-?']).error !== undefined && 'ssh-keygen is not on this machine';

test('ssh-keygen takes the same lines', { skip: keygen }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-keys-'));
  const made = (...words: string[]) =>
    assert.equal(spawnSync('ssh-keygen', ['-q', ...words], { cwd: folder }).status, 0);
  const keyIn = (file: string) => readFileSync(join(folder, file), 'utf8').split(' ')[1]!;
  try {
    for (const type of ['rsa', 'ed25519', 'ecdsa']) {
      made('-t', type, '-N', '', '-f', type);
      made('-s', 'rsa', '-I', 'id', '-n', 'root', `${type}.pub`);
    }
    const lines = NAMES.flatMap((name) => {
      const type = /rsa/.exec(name) ? 'rsa' : /ecdsa/.exec(name) ? 'ecdsa' : 'ed25519';
      return [`${name} ${keyIn(`${type}.pub`)} c`, `${name} ${keyIn(`${type}-cert.pub`)} c`];
    });
    for (const line of lines) {
      writeFileSync(join(folder, 'line'), `${line}\n`);
      const { status } = spawnSync('ssh-keygen', ['-l', '-f', 'line'], { cwd: folder });
      // A name before the key of another algorithm is refused later, by the key; every line that is taken is a row.
      if (status === 0) assert.equal(algorithms(line).length, 1, line);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
