/** What a program does with sockets while the daemon listens to the kernel's audit, event by event. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { AUDIT, auditState, takeAudit } from './support/audit.ts';
import { DaemonFolder, end } from './support/daemon.ts';

/** Says its pid, the ports, and the number of each descriptor, as the events will have them. */
const PROGRAM = `
import ctypes, json, os, socket, sys
def tcp(family=socket.AF_INET):
    return socket.socket(family, socket.SOCK_STREAM)
server, client, slow, refused = tcp(), tcp(), tcp(), tcp()
server.bind(('127.0.0.1', 0))
server.listen(5)
port = server.getsockname()[1]
client.connect(('127.0.0.1', port))
server.accept()
slow.setblocking(False)
try: slow.connect(('127.0.0.1', port))
except BlockingIOError: pass
address, length = ctypes.create_string_buffer(128), ctypes.c_uint32(128)
ctypes.CDLL(None).accept(server.fileno(), address, ctypes.byref(length))
server.setblocking(False)
try: server.accept()
except BlockingIOError: pass
try: refused.connect(('127.0.0.1', 1))
except ConnectionRefusedError: pass
server6, client6 = tcp(socket.AF_INET6), tcp(socket.AF_INET6)
server6.bind(('::1', 0))
server6.listen(1)
port6 = server6.getsockname()[1]
client6.connect(('::1', port6))
_, peer6 = server6.accept()
path = sys.argv[1]
local, near = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
local.bind(path)
local.listen(1)
near.connect(path)
local.accept()
hidden = socket.socket(socket.AF_UNIX)
hidden.bind('\\0' + path)
print(json.dumps(dict(pid=os.getpid(), port=port, client=client.getsockname()[1], slow=slow.getsockname()[1],
    port6=port6, client6=peer6[1], server=server.fileno(), refused=refused.fileno())))
`;

test('each call of a program that binds, connects, listens and accepts', async (t) => {
  if (spawnSync('python3', ['--version']).status !== 0) return t.skip('no python3');
  if (!(await takeAudit(t))) return;
  using folder = new DaemonFolder();
  const before = auditState();
  const columns = 'action, status, success, fd, family, local_address, local_port, remote_address, remote_port, socket';
  folder.configure({
    schedule: { sockets: { query: `select pid, path, ${columns} from socket_events`, interval: 1 } },
  });
  const flags = ['audit_allow_sockets', 'audit_allow_failed_socket_events', 'audit_allow_null_accept_socket_events'];
  const daemon = folder.start(...AUDIT, ...flags.map((flag) => `--${flag}`), '--audit_allow_unix');
  await folder.untilStatus(/started, is the audit daemon/);
  const socket = folder.at('socket');
  const program = spawnSync('python3', ['-c', PROGRAM, socket], { encoding: 'utf8' });
  assert.equal(program.stderr, '');
  const said = JSON.parse(program.stdout) as Record<string, number>;
  const { pid, port, client, slow, port6, client6 } = said;
  const events = () =>
    folder
      .lines('osqueryd.results.log')
      .map((line) => line['columns'] as Record<string, string>)
      .filter((row) => row['pid'] === String(pid))
      // The C library looks for its name service's daemon whether there is one or not.
      .filter((row) => row['socket'] !== '/var/run/nscd/socket');
  await folder.until(() => events().some((row) => row['socket'] === `@${socket}`), 'the last call');
  assert.equal(await end(daemon), 0);
  assert.deepEqual(auditState(), before);

  const short = ({ action, status, family, local_address, local_port, remote_address, remote_port, ...row }: Row) =>
    `${action} ${status} ${family} ${local_address}:${local_port} ${remote_address}:${remote_port} ${row['socket']}`;
  assert.deepEqual(events().map(short), [
    'bind succeeded 2 127.0.0.1:0 :0 ',
    'listen succeeded  :0 :0 ',
    `connect succeeded 2 :0 127.0.0.1:${port} `,
    `accept succeeded 2 :0 127.0.0.1:${client} `,
    `connect in_progress 2 :0 127.0.0.1:${port} `,
    `accept succeeded 2 :0 127.0.0.1:${slow} `,
    'accept no_client  :0 :0 ',
    'connect failed 2 :0 127.0.0.1:1 ',
    'bind succeeded 10 ::1:0 :0 ',
    'listen succeeded  :0 :0 ',
    `connect succeeded 10 :0 ::1:${port6} `,
    `accept succeeded 10 :0 ::1:${client6} `,
    `bind succeeded 1 :0 :0 ${socket}`,
    'listen succeeded  :0 :0 ',
    `connect succeeded 1 :0 :0 ${socket}`,
    'accept succeeded 1 :0 :0 ',
    `bind succeeded 1 :0 :0 @${socket}`,
  ]);
  const [bound, , , , , , nobody, refused] = events();
  assert.match(bound!['path']!, /python3/);
  assert.deepEqual([bound!['fd'], nobody!['success']], [String(said['server']), '1']);
  assert.deepEqual([refused!['fd'], refused!['success']], [String(said['refused']), '0']);
});

type Row = Readonly<Record<string, string>>;
