import { parseInterfaceNames } from '../../parse/proc-net.ts';
import { integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** Sources: `/proc/net/dev` for the interfaces, `/proc/sys/net/ipv6/conf` (kernel's `networking/ip-sysctl`). */
export const interfaceIpv6 = table({
  name: 'interface_ipv6',
  description: 'IPv6 settings in effect on each network interface.',
  platforms: ['linux', 'darwin'],
  columns: {
    interface: text('Name of the interface'),
    hop_limit: integer('Hop limit of packets sent; -1 where IPv6 is off'),
    forwarding_enabled: integer('1 if packets for others are forwarded; -1 where IPv6 is off'),
    redirect_accept: integer('1 if redirects by routers are followed'),
    rtadv_accept: integer('1 if router advertisements are accepted'),
  },
  examples: ['select interface from interface_ipv6 where forwarding_enabled = 1'],
  *generate({ host, attempt, row }) {
    /** -1, which counts as set below, stands for what has no value. */
    const setting = (device: string, name: string): number => {
      const content = attempt(() => host.files.readText(`/proc/sys/net/ipv6/conf/${device}/${name}`)) ?? '';
      const value = Number.parseInt(content, 10);
      return Number.isSafeInteger(value) ? value : -1;
    };
    const names = attempt(() => host.files.readText('/proc/net/dev')) ?? '';
    for (const device of parseInterfaceNames(names)) {
      // A name is a directory below: the kernel allows neither of these.
      if (device.includes('/') || device === '..' || device === '.') continue;
      const forwarding = setting(device, 'forwarding');
      const here = setting(device, 'accept_redirects') !== 0;
      const everywhere = setting('all', 'accept_redirects') !== 0;
      const advertisements = setting(device, 'accept_ra');
      yield row({
        interface: device,
        hop_limit: setting(device, 'hop_limit'),
        forwarding_enabled: forwarding,
        // include/linux/inetdevice.h: a router follows redirects only if both settings say so, a host if either does.
        redirect_accept: forwarding !== 0 ? here && everywhere : here || everywhere,
        // 2 accepts them even while forwarding.
        rtadv_accept: advertisements === 2 || (advertisements !== 0 && forwarding === 0),
      });
    }
  },
});
