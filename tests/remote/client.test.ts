import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { OSQUERY_VERSION } from '../../src/base/version.ts';
import { CONFIG, clientOf, failure } from './support/client.ts';
import { TestServer } from './support/server.ts';

test('a request has the headers of osquery, in its order', async () => {
  await using server = await TestServer.start();
  using client = clientOf(`localhost:${server.port}`, { acceptGzip: true });
  await client.send({ ...CONFIG, compress: true });
  const [heard] = server.heard;
  assert.deepEqual(
    heard!.rawHeaders.filter((_text, i) => i % 2 === 0),
    [
      'Content-Type',
      'Accept',
      'User-Agent',
      'Authorization',
      'Content-Encoding',
      'Host',
      'Accept-Encoding',
      'Content-Length',
      'Connection',
    ],
  );
  assert.equal(heard!.method, 'POST');
  assert.equal(heard!.headers['user-agent'], `osquery/${OSQUERY_VERSION}`);
  assert.equal(heard!.headers['authorization'], 'NodeKey KEY-ONE');
  assert.equal(heard!.headers['host'], `localhost:${server.port}`);
  assert.equal(heard!.body, CONFIG.body);
  assert.equal(heard!.serverName, 'localhost');
  assert.equal(heard!.protocol, 'TLSv1.3');
});

test('without a node key there is no header for it; without a body it is GET', async () => {
  await using server = await TestServer.start();
  using client = clientOf(`localhost:${server.port}`);
  await client.send({ path: '/K/config&node_key=K', body: undefined, nodeKey: '' });
  assert.equal(server.heard[0]!.method, 'GET');
  assert.equal(server.heard[0]!.headers['authorization'], undefined);
  assert.equal(server.heard[0]!.headers['content-length'], undefined);
  assert.equal(server.heard[0]!.url, '/K/config&node_key=K');
});

test('what cannot stand in a request line is escaped', async () => {
  await using server = await TestServer.start();
  using client = clientOf(`localhost:${server.port}/behind`);
  await client.send({ ...CONFIG, path: '/a b\r\nX: é' });
  assert.equal(server.heard[0]!.url, '/behind/a%20b%0D%0AX:%20%C3%A9');
});

test('a connection is kept for the next request', async () => {
  await using server = await TestServer.start();
  using client = clientOf(`localhost:${server.port}`);
  for (let i = 0; i < 5; i++) await client.send(CONFIG);
  assert.deepEqual(
    server.heard.map(({ connection }) => connection),
    [1, 1, 1, 1, 1],
  );
});

test('a kept connection that the server closed costs nothing', async () => {
  await using server = await TestServer.start();
  using client = clientOf(`localhost:${server.port}`);
  await client.send(CONFIG);
  let first = true;
  server.answer = ({ connection }, response) => {
    // The second request comes on the first connection, and is not answered.
    if (first && connection === 1) response.socket!.destroy();
    else response.end('{"ok":1}');
    first = false;
  };
  assert.deepEqual(await client.send(CONFIG), { ok: 1 });
  assert.equal(server.connections, 2);
});

test('a session is resumed, but not an old one, and not without --tls_session_reuse', async () => {
  await using server = await TestServer.start();
  let now = 0;
  const settings = { sessionSeconds: 10, now: () => now };
  using client = clientOf(`localhost:${server.port}`, settings);
  const again = async () => {
    server.closeConnections();
    await new Promise((resolve) => setImmediate(resolve));
    await client.send(CONFIG);
    return server.heard.at(-1)!.resumed;
  };
  await client.send(CONFIG);
  assert.equal(await again(), true);
  now += 10_001;
  assert.equal(await again(), false);
  using forgetful = clientOf(`localhost:${server.port}`, { reuse: false });
  const before = server.connections;
  for (let i = 0; i < 2; i++) await forgetful.send(CONFIG);
  assert.equal(server.connections, before + 2);
  assert.equal(server.heard.at(-1)!.resumed, false);
});

test('TLS 1.2 is spoken, 1.1 is not', async () => {
  await using old = await TestServer.start({ options: { maxVersion: 'TLSv1.2' } });
  using client = clientOf(`localhost:${old.port}`);
  await client.send(CONFIG);
  assert.equal(old.heard[0]!.protocol, 'TLSv1.2');
  const options = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
  await using ancient = await TestServer.start({ options });
  using other = clientOf(`localhost:${ancient.port}`);
  const { kind, message } = await failure(other.send(CONFIG));
  assert.equal(kind, 'tls');
  assert.match(message, /has neither TLS 1.2 nor 1.3/);
});

test('IPv6: an address in brackets is asked, and its certificate is checked', async (t) => {
  let server: TestServer;
  try {
    server = await TestServer.start({ host: '::1' });
  } catch (cause) {
    return t.skip(`no IPv6 on this machine: ${(cause as Error).message}`);
  }
  await using _ = server;
  using client = clientOf(`[::1]:${server.port}`);
  await client.send(CONFIG);
  assert.equal(server.heard[0]!.headers['host'], `[::1]:${server.port}`);
  // Never an address (RFC 6066).
  assert.equal(server.heard[0]!.serverName || undefined, undefined);
});

test('an answer is unpacked; one that only claims to be packed is taken as it is', async () => {
  await using server = await TestServer.start();
  using client = clientOf(`localhost:${server.port}`, { acceptGzip: true });
  const gzip = { 'Content-Encoding': 'gzip' };
  server.answer = (_request, response) => response.writeHead(200, gzip).end(gzipSync('{"a":1}'));
  assert.deepEqual(await client.send(CONFIG), { a: 1 });
  server.answer = (_request, response) => response.writeHead(200, gzip).end('{"b":2}');
  assert.deepEqual(await client.send(CONFIG), { b: 2 });
  server.answer = (_request, response) => response.writeHead(200, gzip).end(gzipSync('{"a":1}').subarray(0, 20));
  assert.match((await failure(client.send(CONFIG))).message, /\/config: the answer is no whole gzip/);
  server.answer = (_request, response) => response.writeHead(200, { 'Content-Encoding': 'br' }).end('{}');
  assert.match((await failure(client.send(CONFIG))).message, /\/config: the answer is compressed with br, not gzip/);
});

test('an empty answer is {}; 1xx is not an answer', async () => {
  await using server = await TestServer.start();
  using client = clientOf(`localhost:${server.port}`);
  server.answer = (_request, response) => response.end();
  assert.deepEqual(await client.send(CONFIG), {});
  server.answer = (_request, response) => {
    response.writeContinue();
    response.writeProcessing();
    response.end('{"a":1}');
  };
  assert.deepEqual(await client.send(CONFIG), { a: 1 });
});

test('--tls_dump prints bodies, a line each, without secrets', async () => {
  await using server = await TestServer.start();
  const lines: string[] = [];
  using client = clientOf(`localhost:${server.port}`, { dump: (line) => lines.push(line) });
  server.answer = (_request, response) => response.end('{\n"node_key": "GIVEN-KEY", "id": "ANOTHER"}');
  const body = '{"enroll_secret":"s3\\"cr\\u0065t","host_identifier":"h"}';
  await client.send({ path: '/enroll', body, nodeKey: '', secretKeys: ['id'] });
  assert.deepEqual(lines, [
    '{"enroll_secret":"********","host_identifier":"h"}',
    '{\\n"node_key": "********", "id": "********"}',
  ]);
});

test('what ends is said to end', async () => {
  await using server = await TestServer.start();
  server.answer = () => undefined;
  const client = clientOf(`localhost:${server.port}`);
  const request = failure(client.send(CONFIG));
  const stop = new AbortController();
  const other = failure(client.send({ ...CONFIG, signal: stop.signal }));
  stop.abort();
  assert.equal((await other).kind, 'closed');
  client.close();
  assert.equal((await request).kind, 'closed');
  assert.equal((await failure(client.send(CONFIG))).kind, 'closed');
});
