/** What programs say to audit, and calls that seccomp did not allow, while the daemon listens. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { AUDIT, auditState, takeAudit } from './support/audit.ts';
import { DaemonFolder, end } from './support/daemon.ts';

/** Says things as libaudit does (`audit_log_user_message(3)`), then lets children do what their filters log or kill for. */
const PROGRAM = `
import ctypes, os, socket, struct
audit = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
def say(type, text):
    text = text.encode() + b'\\0'
    audit.sendto(struct.pack('IHHII', 16 + len(text), type, 5, 1, 0) + text, (0, 0))
    audit.recv(9000)
say(1112, 'op=login acct="ada" exe="/usr/sbin/sshd" hostname=h addr=192.0.2.7 terminal=pts/3 res=success')
say(1100, "it's exe=2F746D702F61 in quotes='x'")
libc = ctypes.CDLL(None)
def child(number, action):
    # seccomp(2): of the call with this number do so, let all others be.
    steps = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, action), (0x06, 0, 0, 0x7fff0000)]
    code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack('HxxxxxxQ', 4, ctypes.addressof(code)))
    pid = os.fork()
    if pid == 0:
        libc.prctl(38, 1, 0, 0, 0)
        libc.prctl(22, 2, program, 0, 0)
        libc.syscall(number)
        os._exit(0)
    os.waitpid(pid, 0)
    return pid
getuid = 102 if os.uname().machine == 'x86_64' else 174
print(os.getpid(), child(getuid, 0x7ffc0000), child(getuid, 0x80000000), child(500, 0x7ffc0000))
`;

test('what programs say, and calls that a filter logged or killed for', async (t) => {
  if (spawnSync('python3', ['--version']).status !== 0) return t.skip('no python3');
  if (!(await takeAudit(t))) return;
  using folder = new DaemonFolder();
  const before = auditState();
  folder.configure({
    schedule: {
      user: { query: 'select pid, type, message, path, address, terminal from user_events', interval: 1 },
      seccomp: { query: 'select pid, comm, sig, syscall, code from seccomp_events', interval: 1 },
    },
  });
  const daemon = folder.start(...AUDIT, '--audit_allow_seccomp_events', '--audit_allow_process_events=false');
  await folder.untilStatus(/started, is the audit daemon/);
  const program = spawnSync('python3', ['-c', PROGRAM], { encoding: 'utf8' });
  assert.equal(program.stderr, '');
  const [parent, ...children] = program.stdout.trim().split(' ');
  const rows = (name: string, pids: readonly string[]) =>
    folder
      .lines('osqueryd.results.log')
      .filter((line) => line['name'] === name)
      .map((line) => line['columns'] as Record<string, string>)
      .filter((row) => pids.includes(row['pid']!));
  await folder.until(() => rows('seccomp', children).length >= 3, 'three calls');
  await folder.until(() => rows('user', [parent!]).length >= 2, 'two messages');
  assert.equal(await end(daemon), 0);
  assert.deepEqual(auditState(), before);
  const said = rows('user', [parent!]).map(({ type, message, path, address, terminal }) => {
    return [type, message, path, address, terminal];
  });
  assert.deepEqual(said, [
    [
      ...['1112', 'op=login acct="ada" exe="/usr/sbin/sshd" hostname=h addr=192.0.2.7 terminal=pts/3 res=success'],
      ...['/usr/sbin/sshd', '192.0.2.7', 'pts/3'],
    ],
    ['1100', "it's exe=2F746D702F61 in quotes='x'", '/tmp/a', '', ''],
  ]);
  assert.deepEqual(
    rows('seccomp', children).map(({ pid, sig, syscall, code }) => [pid, sig, syscall, code]),
    [
      [children[0], '0', 'getuid', 'LOG'],
      [children[1], '31', 'getuid', 'KILL_PROCESS'],
      [children[2], '0', '500', 'LOG'],
    ],
  );
  assert.match(rows('seccomp', children)[0]!['comm']!, /^python3/);
});
