import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authority, hostHeader, parseProxy, parseServer, serverName } from '../../src/remote/address.ts';

test('a server: a name or an address, a port or not, a path or not', () => {
  const cases: [string, string, number, string][] = [
    ['fleet.example.com', 'fleet.example.com', 443, ''],
    ['fleet.example.com:8412', 'fleet.example.com', 8412, ''],
    ['https://fleet.example.com/', 'fleet.example.com', 443, ''],
    ['fleet.example.com:8412/osquery/', 'fleet.example.com', 8412, '/osquery'],
    ['192.0.2.1:1', '192.0.2.1', 1, ''],
    ['[::1]:4433', '::1', 4433, ''],
    ['[2001:db8::1]', '2001:db8::1', 443, ''],
    ['2001:db8::1', '2001:db8::1', 443, ''],
  ];
  for (const [text, host, port, prefix] of cases) assert.deepEqual(parseServer(text), { host, port, prefix }, text);
});

test('what is no server is said with the flag and the forms that are', () => {
  for (const text of ['', ':443', 'a:b', 'a:0', 'a:65536', '[::1', '[a]:1', '[::1]x', 'a b', '::g']) {
    assert.throws(() => parseServer(text), {
      name: 'UserError',
      message: /^--tls_hostname: .*is not a server; write host:port/,
    });
  }
  // Its password is not shown.
  assert.throws(
    () => parseProxy('me:hidden@:'),
    (cause: Error) => !cause.message.includes('hidden'),
  );
});

test('how a server is written', () => {
  assert.equal(authority(parseServer('[::1]:4433')), '[::1]:4433');
  assert.equal(hostHeader(parseServer('::1')), '[::1]');
  assert.equal(hostHeader(parseServer('a:443')), 'a');
  assert.equal(hostHeader(parseServer('a:8443')), 'a:8443');
  assert.equal(serverName('a'), 'a');
  assert.equal(serverName('127.0.0.1') + serverName('::1'), '');
});

test('a proxy: with user and password or not; its usual port is that of osquery', () => {
  const none = { user: undefined, password: '' };
  assert.deepEqual(parseProxy('proxy'), { host: 'proxy', port: 3128, ...none });
  assert.deepEqual(parseProxy('http://[::1]:8080/'), { host: '::1', port: 8080, ...none });
  assert.deepEqual(parseProxy('me@p:1'), { host: 'p', port: 1, user: 'me', password: '' });
  assert.deepEqual(parseProxy('me:a@b:c%2F%@p:1'), { host: 'p', port: 1, user: 'me', password: 'a@b:c%2F%' });
  assert.deepEqual(parseProxy('me:a%40b@p:1').password, 'a@b');
});
