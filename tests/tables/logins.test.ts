/** Who is logged in, and who was, on distributions that keep it elsewhere than in utmp of 384 bytes a record. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { parseUtmp } from '../../src/parse/utmp.ts';
import { last } from '../../src/tables/users/last.ts';
import { loggedInUsers } from '../../src/tables/users/logged_in_users.ts';
import { loadMachine } from '../../src/testing/machines.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { runTable } from '../../src/testing/run-table.ts';
import { parseTree } from '../../src/testing/tree.ts';

/** The records of a file of x86 as glibc lays them out on arm64: session and time have 64 bits. */
function widened(narrow: Buffer): Buffer {
  const records: Buffer[] = [];
  for (let at = 0; at + 384 <= narrow.length; at += 384) {
    const record = Buffer.alloc(400);
    narrow.copy(record, 0, at, at + 336);
    record.writeBigInt64LE(BigInt(narrow.readInt32LE(at + 336)), 336);
    record.writeBigInt64LE(BigInt(narrow.readInt32LE(at + 340)), 344);
    narrow.copy(record, 360, at + 348, at + 364);
    records.push(record);
  }
  return Buffer.concat(records);
}

test('utmp of arm64 has 400 bytes a record', () => {
  const { files } = loadMachine('debian');
  for (const path of ['/run/utmp', '/var/log/wtmp']) {
    const narrow = files.readBytes(path);
    const expected = [...parseUtmp(narrow)];
    assert.ok(expected.length > 3);
    assert.deepEqual([...parseUtmp(widened(narrow))], expected);
    for (let count = 1; count <= expected.length; count++) {
      assert.deepEqual([...parseUtmp(narrow.subarray(0, 384 * count))], expected.slice(0, count));
      assert.deepEqual([...parseUtmp(widened(narrow.subarray(0, 384 * count)))], expected.slice(0, count));
    }
  }
  const late = widened(files.readBytes('/var/log/wtmp').subarray(0, 384));
  late.writeBigInt64LE(2n ** 31n + 5n, 344);
  assert.equal([...parseUtmp(late)][0]!.time, 2 ** 31 + 5);
});

test('of a long wtmp of arm64 the newest records are read', () => {
  const login = (user: string) => {
    const record = Buffer.alloc(400);
    record.writeInt16LE(7);
    record.write(user, 44);
    return record.toString('base64');
  };
  const tree = `/var/log/wtmp\n= ${login('old')}\n100000= ${login('m')}\n= ${login('new')}\n> cut`;
  const { rows, warnings } = runTable(last, new MemoryHost(parseTree(tree)));
  assert.equal(rows.length, 100_000);
  assert.deepEqual([rows[0]!['username'], rows.at(-1)!['username']], ['m', 'new']);
  assert.deepEqual(warnings, ['truncated: /var/log/wtmp: 2 records left out: the newest 100000 are read']);
});

const SESSIONS = `
/run/systemd/sessions/3
| # This is private data. Do not parse.
| UID=1000
| USER=ada
| ACTIVE=1
| STATE=active
| REMOTE=1
| TYPE=tty
| CLASS=user
| TTY=pts/0
| REMOTE_HOST=192.0.2.7
| LEADER=845
| REALTIME=1717240001123456
/run/systemd/sessions/c1
| UID=42
| USER=gdm
| STATE=online
| CLASS=greeter
| REALTIME=1717240000000000
/run/systemd/sessions/4
| USER=ada
| STATE=closing
| CLASS=user
/run/systemd/sessions/5
| USER=bob
| STATE=online
| CLASS=user-early
| DISPLAY=:0
| LEADER=900
| REALTIME=1717240002000000
/run/systemd/sessions/5.ref fifo
/run/systemd/sessions/6
| no session
`;

test('without utmp the sessions of systemd-logind', () => {
  const { rows } = runTable(loggedInUsers, new MemoryHost(parseTree(SESSIONS)));
  assert.deepEqual(
    rows.map(({ type, user, tty, host, time, pid }) => [type, user, tty, host, time, pid]),
    [
      ['user', 'ada', 'pts/0', '192.0.2.7', 1717240001, 845],
      ['user', 'bob', ':0', '', 1717240002, 900],
    ],
  );
});

test('where there is utmp, it alone', () => {
  const { rows } = runTable(loggedInUsers, new MemoryHost(parseTree(`${SESSIONS}\n/run/utmp\n\n`)));
  assert.deepEqual(rows, []);
});

test('logins that wtmpdb keeps', () => {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-wtmpdb-'));
  try {
    const db = new DatabaseSync(join(folder, 'wtmp.db'));
    db.exec(`
      CREATE TABLE wtmp (ID INTEGER PRIMARY KEY, Type INTEGER, User TEXT NOT NULL, Login INTEGER, Logout INTEGER,
        TTY TEXT, RemoteHost TEXT, Service TEXT) STRICT;
      INSERT INTO wtmp VALUES (1, 1, 'reboot', 1717240000000000, NULL, '~', '6.12.1', NULL),
        (2, 3, 'ada', 1717240001999999, 1717240100000000, 'pts/0', '192.0.2.7', 'sshd'),
        (3, 3, 'bob', 4717240002000000, NULL, 'tty1', NULL, 'login');`);
    db.close();
    const content = readFileSync(join(folder, 'wtmp.db')).toString('base64');
    for (const path of ['/var/lib/wtmpdb/wtmp.db', '/var/log/wtmp.db']) {
      const { rows, warnings } = runTable(last, new MemoryHost(parseTree(`${path}\n= ${content}\n`)));
      assert.deepEqual(
        rows.map(({ username, tty, pid, type_name, time, host }) => [username, tty, pid, type_name, time, host]),
        [
          ['ada', 'pts/0', null, 'user-process', 1717240001, '192.0.2.7'],
          ['', 'pts/0', null, 'dead-process', 1717240100, ''],
          ['bob', 'tty1', null, 'user-process', 4717240002, ''],
        ],
      );
      assert.deepEqual(warnings, []);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a file that is no database of logins is a warning', () => {
  const { rows, warnings } = runTable(last, new MemoryHost(parseTree('/var/log/wtmp.db\n| no database\n')));
  assert.deepEqual([rows, warnings.length], [[], 1]);
});
