import { bigint, integer, text } from '../../schema/columns.ts';
import { processIds } from '../../schema/process-ids.ts';
import { openSockets } from '../../schema/sockets.ts';
import { table } from '../../schema/table.ts';

/** Source: `/proc/<pid>/fd` and `/proc/<pid>/net/{tcp,udp6,unix,…}`, `proc_pid_net(5)`, of each network namespace. */
export const processOpenSockets = table({
  name: 'process_open_sockets',
  description:
    'Sockets and the processes that hold them: a row for every descriptor, one with pid -1 for a socket without.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    pid: integer('Process id; -1 if no process that we may look into holds it', { additional: true }),
    fd: bigint('Number of the descriptor; -1 without a process'),
    socket: bigint('Inode number of the socket'),
    family: integer('Address family: 1 Unix, 2 IPv4, 10 IPv6, 17 packet'),
    protocol: integer(
      'IP protocol: 1 ICMP, 6 TCP, 17 UDP, 136 UDP-Lite, 255 raw; of a packet socket the Ethernet protocol',
    ),
    local_address: text('Address of this side'),
    remote_address: text('Address of the other side'),
    local_port: integer('Port of this side'),
    remote_port: integer('Port of the other side'),
    path: text('Path of a Unix socket; an abstract name begins with @'),
    state: text('State of a TCP connection: LISTEN, ESTABLISHED, …'),
    net_namespace: text('Inode number of the network namespace', { platforms: ['linux'] }),
  },
  examples: [
    "select pid, remote_address, remote_port from process_open_sockets where state = 'ESTABLISHED'",
    'select p.name, s.local_port from process_open_sockets s join processes p using (pid) where s.family = 2',
  ],
  *generate({ host, values, attempt, warn, row }) {
    const named = values('pid');
    // Sockets without a process show only when all processes were looked into.
    const only = named !== undefined && !named.includes(-1);
    for (const socket of openSockets(host, processIds(host, only ? named : undefined, attempt), only, warn)) {
      yield row({
        pid: socket.pid,
        fd: socket.fd,
        socket: socket.inode,
        family: socket.family,
        protocol: socket.protocol,
        local_address: socket.localAddress,
        remote_address: socket.remoteAddress,
        local_port: socket.localPort,
        remote_port: socket.remotePort,
        path: socket.path,
        state: socket.state,
        net_namespace: socket.namespace,
      });
    }
  },
});
