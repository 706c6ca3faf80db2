/** Accounts and what users leave in their homes, held against getent, dpkg's own machine and ssh-keygen. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask, askWhole, asRoot, needs, run } from './support/ask.ts';

test('users and groups as getent has them', { skip: needs('getent') }, () => {
  const entries = (database: string) =>
    run('getent', database)
      .trim()
      .split('\n')
      .map((line) => line.split(':'));
  const users = entries('passwd').map(([username, , uid, gid, description, directory, shell]) => ({
    username,
    uid,
    gid,
    description,
    directory,
    shell,
  }));
  const order = <T>(rows: T[]) => rows.map((row) => JSON.stringify(row, Object.keys(row as object).sort())).sort();
  assert.deepEqual(order(ask('select username, uid, gid, description, directory, shell from users')), order(users));
  const remote = ask(
    'select distinct username, uid, gid, description, directory, shell from users where include_remote in (0, 1)',
  );
  assert.deepEqual(order(remote), order(users));
  const groups = entries('group').map(([groupname, , gid]) => ({ groupname, gid }));
  assert.deepEqual(order(ask('select groupname, gid from groups')), order(groups));
  const members = new Set(users.map(({ uid, gid }) => `${uid} ${gid}`));
  for (const [, , gid, names] of entries('group')) {
    for (const name of names!.split(',').filter(Boolean)) {
      const user = users.find(({ username }) => username === name);
      if (user !== undefined) members.add(`${user.uid} ${gid}`);
    }
  }
  assert.deepEqual(
    ask('select uid, gid from user_groups')
      .map(({ uid, gid }) => `${uid} ${gid}`)
      .sort(),
    [...members].sort(),
  );
});

test('shadow: for root without the passwords, for nobody a warning', { skip: asRoot }, () => {
  const rows = ask("select username, password_status from shadow where username = 'root'");
  assert.equal(rows.length, 1);
  assert.match(rows[0]!['password_status']!, /^(active|locked|empty|not_set)$/);
  const { status, rows: none, stderr } = askWhole('select * from shadow', { nobody: true });
  assert.deepEqual([status, none], [0, []]);
  assert.match(stderr, /shadow: cannot read \(EACCES\)/);
});

describe('homes below another root', () => {
  let root = '';
  const at = (path: string) => join(root, path);
  const write = (path: string, content: string, uid = 0) => {
    mkdirSync(join(at(path), '..'), { recursive: true });
    writeFileSync(at(path), content, { mode: 0o600 });
    if (uid !== 0) chownSync(at(path), uid, uid);
  };
  const askRoot = (sql: string) => ask(sql, { flags: ['--root', root] });

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'osquery-homes-'));
    write('etc/passwd', 'root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n');
  });
  after(() => rmSync(root, { recursive: true }));

  test('keys that ssh-keygen made', { skip: needs('ssh-keygen') }, () => {
    const made: Record<string, string>[] = [];
    const make = (
      name: string,
      type: string,
      bits: string,
      password: string,
      row: Record<string, string>,
      ...more: string[]
    ) => {
      mkdirSync(at('root/.ssh'), { recursive: true });
      run(
        'ssh-keygen',
        '-q',
        '-t',
        type,
        ...(bits === '' ? [] : ['-b', bits]),
        '-N',
        password,
        '-C',
        '',
        ...more,
        '-f',
        at(`root/.ssh/${name}`),
      );
      made.push({ path: `/root/.ssh/${name}`, encrypted: password === '' ? '0' : '1', ...row });
    };
    const curve = (group: string, length: string, strength: string) => ({ t: 'ec', g: group, l: length, s: strength });
    make('ed', 'ed25519', '', '', { t: 'ed25519', g: '', l: '256', s: '128' });
    make('ed_locked', 'ed25519', '', 'a password', { t: 'ed25519', g: '', l: '256', s: '128' });
    make('p256', 'ecdsa', '256', '', curve('prime256v1', '256', '128'));
    make('p384_locked', 'ecdsa', '384', 'a password', curve('secp384r1', '384', '192'));
    make('p521_pem', 'ecdsa', '521', '', curve('secp521r1', '521', '256'), '-m', 'PEM');
    make('rsa', 'rsa', '2048', '', { t: 'rsa', g: '', l: '2048', s: '112' });
    make('rsa_pkcs8', 'rsa', '3072', '', { t: 'rsa', g: '', l: '3072', s: '128' }, '-m', 'PKCS8');
    make('rsa_pem_locked', 'rsa', '1024', 'a password', { t: '', g: '', l: '-1', s: '-1' }, '-m', 'PEM');
    assert.deepEqual(
      askRoot(
        'select path, encrypted, key_type t, key_group_name g, key_length l, key_security_bits s from user_ssh_keys where uid = 0 order by path',
      ),
      made.sort((a, b) => (a['path']! < b['path']! ? -1 : 1)),
    );
    const publicKey = run('cat', at('root/.ssh/ed.pub')).trim().split(' ');
    write('root/.ssh/authorized_keys', `restrict,command="echo \\"hi there\\"" ${publicKey.join(' ')} a comment\n`);
    assert.deepEqual(askRoot('select algorithm, key, options, comment from authorized_keys where uid = 0'), [
      {
        algorithm: publicKey[0],
        key: publicKey[1],
        options: 'restrict,command="echo \\"hi there\\""',
        comment: 'a comment',
      },
    ]);
  });

  test('the histories of all users in one query', () => {
    write('root/.bash_history', '#1700000000\nls -l\n');
    write('home/ada/.zsh_history', ': 1700000001:3;make\n', 1000);
    assert.deepEqual(
      askRoot('select username, time, command from users join shell_history using (uid) order by time'),
      [
        { username: 'root', time: '1700000000', command: 'ls -l' },
        { username: 'ada', time: '1700000001', command: 'make' },
      ],
    );
  });

  test('a user cannot show what only root may read, by a link in place of a history', { skip: asRoot }, () => {
    write('etc/secret', 'the secret of root\n');
    chmodSync(at('etc/secret'), 0o600);
    mkdirSync(at('home/ada'), { recursive: true });
    rmSync(at('home/ada/.bash_history'), { force: true });
    symlinkSync('/etc/secret', at('home/ada/.bash_history'));
    const { rows, stderr } = askWhole('select command from shell_history where uid = 1000', {
      flags: ['--root', root],
    });
    assert.deepEqual(
      rows.filter(({ command }) => command!.includes('secret')),
      [],
    );
    assert.match(stderr, /shell_history: cannot read \(EACCES\)/);
    assert.doesNotMatch(stderr, /the secret of root/);
    rmSync(at('home/ada/.bash_history'));
  });

  test('sudoers and crontabs', () => {
    write('etc/sudoers', 'Defaults env_reset\n@includedir /etc/sudoers.d\n');
    write('etc/sudoers.d/ada', 'ada ALL=(ALL) \\\n  NOPASSWD: ALL\n');
    assert.deepEqual(askRoot("select source, header, rule_details d from sudoers where header = 'ada'"), [
      { source: '/etc/sudoers.d/ada', header: 'ada', d: 'ALL=(ALL) NOPASSWD: ALL' },
    ]);
    write('etc/crontab', 'SHELL=/bin/sh\n*/5 * * * * root echo  two\n@reboot root boot\n');
    assert.deepEqual(askRoot('select event, minute, command from crontab'), [
      { event: '', minute: '*/5', command: 'root echo  two' },
      { event: '@reboot', minute: '', command: 'root boot' },
    ]);
  });
});

test('without a uid: the data of the current user, and root is told how to see the others', { skip: asRoot }, () => {
  const { stderr } = askWhole('select count(*) from known_hosts');
  assert.match(stderr, /known_hosts: shows the data of the current user only/);
});
