/**
 * A user and a group that only a name service knows, held against `id`: nss-systemd reads records of users in `/run/userdb`,
 * in a mount namespace of our own.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { asRoot, needs } from './support/ask.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/osqueryi.js');

/** `systemd.user` and `systemd.group`, JSON; a membership is a file by its name. */
const SETUP = `
set -e
mount -t tmpfs none /run && mkdir -p /run/userdb && cd /run/userdb
home=/run/dirk
echo '{"userName":"dirk","uid":70001,"gid":70001,"homeDirectory":"/run/dirk","shell":"/bin/sh","realName":"Dirk","disposition":"regular"}' > dirk.user
ln -s dirk.user 70001.user
echo '{"groupName":"dirk","gid":70001}' > dirk.group
ln -s dirk.group 70001.group
echo '{"groupName":"admins","gid":70002,"members":["dirk","daemon"]}' > admins.group
ln -s admins.group 70002.group
for name in dirk daemon; do echo "{\\"userName\\":\\"$name\\",\\"groupName\\":\\"admins\\"}" > "$name:admins.membership"; done
mkdir -p $home/.ssh
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 dirk' > $home/.ssh/authorized_keys
echo 'host.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5' > $home/.ssh/known_hosts
echo ls > $home/.bash_history
chown -R 70001:70001 $home
`;

function inNamespace(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-c', `${SETUP}\nexec "$@"`, 'sh', command, ...args],
    { encoding: 'utf8' },
  );
  return status === 0 ? stdout : `${stdout}${stderr}`;
}

const ask = (sql: string) => JSON.parse(inNamespace(process.execPath, PROGRAM, '--json', sql));

const skip =
  asRoot ||
  needs('unshare', 'getent', 'id') ||
  (!inNamespace('getent', 'passwd', '70001').startsWith('dirk:') && 'needs nss-systemd in /etc/nsswitch.conf');

test('a user that only a name service knows', { skip }, () => {
  const remote = "from users join %s using (uid) where include_remote = 1 and username = 'dirk'";
  const of = (column: string, table: string) => ask(`select ${column} as v ${remote.replace('%s', table)}`);
  assert.deepEqual(of('comment', 'authorized_keys'), [{ v: 'dirk' }]);
  assert.deepEqual(of('command', 'shell_history'), [{ v: 'ls' }]);
  assert.deepEqual(of('key', 'known_hosts'), [{ v: 'host.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5' }]);
  assert.deepEqual(ask("select gid, groupname from groups where gid in ('70001', 70002) order by gid"), [
    { gid: '70001', groupname: 'dirk' },
    { gid: '70002', groupname: 'admins' },
  ]);
});

test('groups of a user as id has them, for users of /etc/passwd, too', { skip }, () => {
  for (const name of ['dirk', 'daemon']) {
    const uid = inNamespace('id', '-u', name).trim();
    const theirs = inNamespace('id', '-G', name).trim().split(' ').sort();
    assert.ok(theirs.includes('70002'));
    const rows = ask(`select gid from user_groups where uid = ${uid}`) as { gid: string }[];
    assert.deepEqual(rows.map(({ gid }) => gid).sort(), theirs);
  }
});
