import { bigint, integer, text } from '../../schema/columns.ts';
import { processIds } from '../../schema/process-ids.ts';
import { AF_INET, AF_INET6, AF_UNIX, openSockets } from '../../schema/sockets.ts';
import { table } from '../../schema/table.ts';

/** Source: as `process_open_sockets`, of which these are the sockets that wait for others. */
export const listeningPorts = table({
  name: 'listening_ports',
  description: 'Ports and Unix sockets that processes listen on.',
  platforms: ['linux', 'darwin', 'windows'],
  cacheable: true,
  columns: {
    pid: integer('Process id; -1 if no process that we may look into holds the socket'),
    port: integer('Port; 0 of a Unix socket'),
    protocol: integer('IP protocol: 6 TCP, 17 UDP, …'),
    family: integer('Address family: 1 Unix, 2 IPv4, 10 IPv6, 17 packet'),
    address: text('Address that is listened on; 0.0.0.0 and :: are all'),
    fd: bigint('Number of the descriptor'),
    socket: bigint('Inode number of the socket; 0 of a Unix socket'),
    path: text('Path of a Unix socket; an abstract name begins with @'),
    net_namespace: text('Inode number of the network namespace', { platforms: ['linux'] }),
  },
  examples: [
    'select port, protocol, address, pid from listening_ports where port > 0',
    "select p.name, l.port from listening_ports l join processes p using (pid) where l.address = '0.0.0.0'",
  ],
  *generate({ host, attempt, warn, row }) {
    for (const socket of openSockets(host, processIds(host, undefined, attempt), false, warn)) {
      const { pid, fd, family, protocol, namespace } = socket;
      if (family === AF_UNIX) {
        if (socket.path === '') continue;
        yield row({ pid, fd, family, protocol, port: 0, socket: 0, path: socket.path, net_namespace: namespace });
        continue;
      }
      // Connected to somebody.
      if ((family === AF_INET || family === AF_INET6) && socket.remotePort !== 0) continue;
      yield row({
        pid,
        fd,
        family,
        protocol,
        port: socket.localPort,
        address: socket.localAddress,
        socket: socket.inode,
        net_namespace: namespace,
      });
    }
  },
});
