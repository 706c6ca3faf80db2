/** Interfaces, addresses, routes and neighbours of a network namespace made for the test, asked as users ask. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

const PROGRAM = join(import.meta.dirname, '../../bin/osqueryi.js');
const NAMESPACE = `osquery-test-${process.pid}`;

/** One end of a pair has the addresses; the other is only there so that the first is up. */
const SETUP = `
link set lo up
link add va address 02:00:5e:00:53:01 mtu 1400 type veth peer name vb address 02:00:5e:00:53:02
link set va up
link set vb up
link add br0 type bridge
addr add 192.0.2.1/24 brd + dev va
addr add 198.51.100.1/25 dev va label va:1
addr add 203.0.113.1 peer 203.0.113.2 dev va
addr add 2001:db8::1/64 dev va nodad
addr add fe80::53/64 dev va nodad
route add 10.1.0.0/16 via 192.0.2.254 metric 7 mtu 1280
route add 10.2.0.1/32 dev va src 192.0.2.1
route add 10.3.0.0/16 nexthop via 192.0.2.253 nexthop via 192.0.2.254
route add 10.4.0.0/16 dev va table 1234
route add blackhole 10.5.0.0/16
route add unreachable 10.6.0.0/16 metric 9
route add multicast 224.1.0.0/16 dev va
-6 route add 2001:db8:1::/48 via 2001:db8::fe metric 5 hoplimit 9
-6 route add 2001:db9::/32 dev va
-6 route add default via fe80::1 dev va
neigh add 192.0.2.7 lladdr 02:00:5e:00:53:77 dev va nud permanent
neigh add 192.0.2.8 lladdr 02:00:5e:00:53:88 dev va nud reachable
neigh add 2001:db8::7 lladdr 02:00:5e:00:53:77 dev va nud permanent
`;

function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error) throw error;
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** `--json` prints a row a line. */
function ask(sql: string): Record<string, string>[] {
  const output = run('ip', 'netns', 'exec', NAMESPACE, process.execPath, PROGRAM, '--json', sql);
  const lines = output.split('\n').filter((line) => line.includes('{'));
  return lines.map((line) => JSON.parse(line.trim().replace(/,$/, '')));
}

/** Why this machine cannot run the test; false if it can. */
function obstacle(): string | false {
  if (process.getuid?.() !== 0) return 'making a network namespace needs root';
  if (spawnSync('ip', ['-V']).error) return 'needs the program ip (package iproute2)';
  if (spawnSync('ip', ['netns', 'add', NAMESPACE]).status !== 0) return 'no network namespace can be made here';
  return false;
}

describe('in a network namespace', { skip: obstacle() }, () => {
  before(() => {
    for (const line of SETUP.trim().split('\n')) run('ip', '-n', NAMESPACE, ...line.split(' '));
  });
  after(() => run('ip', 'netns', 'del', NAMESPACE));

  test('addresses', () => {
    const rows = ask(
      "select interface i, address a, mask m, broadcast b, point_to_point p from interface_addresses where address <> '' order by a",
    );
    const found = rows.filter(({ a }) => !a!.startsWith('fe80::') || a === 'fe80::53%va');
    assert.deepEqual(found, [
      { i: 'lo', a: '127.0.0.1', m: '255.0.0.0', b: '', p: '127.0.0.1' },
      { i: 'va', a: '192.0.2.1', m: '255.255.255.0', b: '192.0.2.255', p: '' },
      { i: 'va:1', a: '198.51.100.1', m: '255.255.255.128', b: '', p: '' },
      { i: 'va', a: '2001:db8::1', m: 'ffff:ffff:ffff:ffff::', b: '', p: '' },
      { i: 'va', a: '203.0.113.1', m: '255.255.255.255', b: '', p: '203.0.113.2' },
      { i: 'lo', a: '::1', m: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', b: '', p: '' },
      { i: 'va', a: 'fe80::53%va', m: 'ffff:ffff:ffff:ffff::', b: '', p: '' },
    ]);
  });

  test('details', () => {
    const rows = ask(
      "select interface i, mac, type, mtu, flags & 0x1049 as f, pci_slot s, last_change c from interface_details where interface in ('lo', 'va', 'br0') order by i",
    );
    const { mac: bridgeMac, ...bridge } = rows[0]!;
    assert.match(bridgeMac!, /^[0-9a-f:]{17}$/);
    assert.deepEqual(bridge, { i: 'br0', type: '1', mtu: '1500', f: '4096', s: 'N/A', c: '-1' });
    assert.deepEqual(rows.slice(1), [
      { i: 'lo', mac: '00:00:00:00:00:00', type: '4', mtu: '65536', f: '73', s: '-1', c: '-1' },
      { i: 'va', mac: '02:00:5e:00:53:01', type: '1', mtu: '1400', f: '4161', s: '', c: '-1' },
    ]);
  });

  test('routes of every kind and table', () => {
    const rows = ask(
      "select destination d, netmask n, gateway g, source s, interface i, mtu, metric m, type t, hopcount h from routes where d like '10.%' or d like '2001:db%:%' or d like '224.%' or (g = 'fe80::1') order by d, g, n",
    );
    const plain = { g: '', s: '', i: 'va', mtu: '0', m: '0', t: 'gateway', h: '0' };
    assert.deepEqual(rows, [
      { ...plain, d: '10.1.0.0', n: '16', g: '192.0.2.254', mtu: '1280', m: '7' },
      { ...plain, d: '10.2.0.1', n: '0', s: '192.0.2.1' },
      { ...plain, d: '10.3.0.0', n: '16', g: '192.0.2.253' },
      { ...plain, d: '10.3.0.0', n: '16', g: '192.0.2.254' },
      { ...plain, d: '10.4.0.0', n: '16' },
      { ...plain, d: '10.5.0.0', n: '16', i: '', t: 'other' },
      { ...plain, d: '10.6.0.0', n: '16', i: '', m: '9', t: 'other' },
      { ...plain, d: '2001:db8:1::', n: '48', g: '2001:db8::fe', m: '5', h: '9' },
      { ...plain, d: '2001:db8::', n: '64', m: '256' },
      { ...plain, d: '2001:db8::1', n: '0', t: 'local' },
      { ...plain, d: '2001:db9::', n: '32', m: '1024' },
      { ...plain, d: '224.1.0.0', n: '16', t: 'other' },
      { ...plain, d: '::', n: '0', g: 'fe80::1', m: '1024' },
    ]);
  });

  test('as many routes as the kernel has', () => {
    const lines = (...args: string[]) =>
      run('ip', '-o', '-n', NAMESPACE, ...args)
        .trim()
        .split('\n').length;
    const kernel = () => lines('-4', 'route', 'show', 'table', 'all') + lines('-6', 'route', 'show', 'table', 'all');
    const ecmp = 1;
    // The kernel adds routes to link-local addresses a moment after a link is up: compare where nothing changed meanwhile.
    let [earlier, ours, later] = [-1, -1, -2];
    for (let i = 0; i < 50 && earlier !== later; i++) {
      earlier = kernel();
      ours = Number(ask('select count(*) n from routes')[0]?.['n']);
      later = kernel();
    }
    assert.equal(ours, later + ecmp);
  });

  test('neighbours', () => {
    assert.deepEqual(ask('select * from arp_cache order by address'), [
      { address: '192.0.2.7', mac: '02:00:5e:00:53:77', interface: 'va', permanent: '1' },
      { address: '192.0.2.8', mac: '02:00:5e:00:53:88', interface: 'va', permanent: '0' },
    ]);
  });

  test('IPv6 settings', () => {
    const [row] = ask("select * from interface_ipv6 where interface = 'va'");
    assert.deepEqual(row, {
      interface: 'va',
      hop_limit: '64',
      forwarding_enabled: '0',
      redirect_accept: '1',
      rtadv_accept: '1',
    });
  });
});
