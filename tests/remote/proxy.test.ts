import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secrets } from '../../src/remote/secrets.ts';
import { CONFIG, clientOf, failure } from './support/client.ts';
import { TestProxy } from './support/proxy.ts';
import { TestServer } from './support/server.ts';

test('a request goes through the proxy, and its certificate is still that of the server', async () => {
  await using proxy = await TestProxy.start();
  await using server = await TestServer.start();
  using client = clientOf(`localhost:${server.port}`, { proxy: `localhost:${proxy.port}` });
  for (let i = 0; i < 3; i++) await client.send(CONFIG);
  // One way, kept.
  assert.deepEqual(
    proxy.asked.map(({ url, headers }) => [url, headers['host'], headers['proxy-authorization']]),
    [[`localhost:${server.port}`, `localhost:${server.port}`, undefined]],
  );
  assert.equal(server.heard[0]!.serverName, 'localhost');
  using stranger = clientOf(`localhost:${server.port}`, { proxy: `localhost:${proxy.port}`, authorities: [] });
  assert.equal((await failure(stranger.send(CONFIG))).kind, 'certificate');
});

test('an IPv6 server is named in brackets', async (t) => {
  await using proxy = await TestProxy.start();
  let server: TestServer;
  try {
    server = await TestServer.start({ host: '::1' });
  } catch (cause) {
    return t.skip(`no IPv6 on this machine: ${(cause as Error).message}`);
  }
  await using _ = server;
  using client = clientOf(`[::1]:${server.port}`, { proxy: `127.0.0.1:${proxy.port}` });
  await client.send(CONFIG);
  assert.equal(proxy.asked[0]!.url, `[::1]:${server.port}`);
});

test('user and password', async () => {
  await using proxy = await TestProxy.start();
  await using server = await TestServer.start();
  proxy.wants = `Basic ${Buffer.from('me:p@ss:w/rd').toString('base64')}`;
  using client = clientOf(`localhost:${server.port}`, { proxy: `me:p%40ss:w%2Frd@localhost:${proxy.port}` });
  await client.send(CONFIG);
  using wrong = clientOf(`localhost:${server.port}`, { proxy: `localhost:${proxy.port}` });
  assert.equal(
    (await failure(wrong.send(CONFIG))).message,
    `https://localhost:${server.port}/config: the proxy localhost:${proxy.port} answers with HTTP status 407: ` +
      'it wants a user and a password: user:password@host:port; see --proxy_hostname',
  );
});

test('a proxy that refuses, does not answer, or is not there', async () => {
  await using server = await TestServer.start();
  const proxy = await TestProxy.start();
  const named = `secret-user:secret-pass@localhost:${proxy.port}`;
  const secrets = new Secrets();
  using client = clientOf(`localhost:${server.port}`, { proxy: named, connectMs: 1500, secrets });
  proxy.status = 502;
  const refused = await failure(client.send(CONFIG));
  assert.match(
    refused.message,
    /the proxy localhost:\d+ answers with HTTP status 502: it refuses; see --proxy_hostname/,
  );
  proxy.status = 0;
  proxy.silent = true;
  assert.equal((await failure(client.send(CONFIG))).kind, 'timeout');
  await proxy[Symbol.asyncDispose]();
  const gone = await failure(client.send(CONFIG));
  assert.match(gone.message, /the proxy localhost:\d+: nobody listens there \(ECONNREFUSED\); see --proxy_hostname/);
  for (const { message } of [refused, gone]) assert.doesNotMatch(message, /secret/);
  assert.equal(server.heard.length, 0);
});

/** Enough for a handshake on a busy machine. */
const CONNECT_MS = 1500;

test('that the connection may take so long is no limit for the requests on it', async () => {
  await using proxy = await TestProxy.start();
  await using server = await TestServer.start();
  server.answer = ({ url }, response) => {
    if (url === '/slow') setTimeout(() => response.end('{"slow":1}'), 1.2 * CONNECT_MS);
    else response.end('{}');
  };
  const outlives = async (proxies: { proxy?: string }) => {
    using client = clientOf(`localhost:${server.port}`, { ...proxies, connectMs: CONNECT_MS });
    assert.deepEqual(await client.send({ ...CONFIG, path: '/slow' }), { slow: 1 });
    await client.send(CONFIG);
  };
  await Promise.all([outlives({ proxy: `localhost:${proxy.port}` }), outlives({})]);
  assert.equal(server.connections, 2);
});
