import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { CONFIG, clientOf, failure } from './support/client.ts';
import { TestServer } from './support/server.ts';

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** A server that takes connections and does something else than TLS with them. */
async function plain(act: (socket: import('node:net').Socket) => void): Promise<Server & AsyncDisposable> {
  const sockets = new Set<import('node:net').Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    act(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return Object.assign(server, {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), 'close');
    },
  });
}

test('nobody there: the message has the endpoint, the server, the reason and the flag', async () => {
  const gone = await plain(() => undefined);
  const port = portOf(gone);
  await gone[Symbol.asyncDispose]();
  using client = clientOf(`127.0.0.1:${port}`);
  const { kind, message } = await failure(client.send(CONFIG));
  assert.equal(kind, 'connect');
  assert.equal(
    message,
    `https://127.0.0.1:${port}/config: 127.0.0.1:${port}: nobody listens there (ECONNREFUSED); see --tls_hostname`,
  );
});

test('a server that does not greet is waited for no longer than the connection may take', async () => {
  await using server = await plain(() => undefined);
  using client = clientOf(`127.0.0.1:${portOf(server)}`, { connectMs: 100 });
  const { kind, message } = await failure(client.send(CONFIG));
  assert.equal(kind, 'timeout');
  assert.match(message, /\/config: no connection to 127\.0\.0\.1:\d+ within 0\.1 s \(--tls_connect_timeout\)$/);
});

test('a server that speaks no TLS, or closes during the greeting', async () => {
  await using web = await plain((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  using first = clientOf(`127.0.0.1:${portOf(web)}`);
  assert.match((await failure(first.send(CONFIG))).message, /does not speak TLS; see --tls_hostname/);
  await using rude = await plain((socket) => socket.destroy());
  using second = clientOf(`127.0.0.1:${portOf(rude)}`);
  const { kind, message } = await failure(second.send(CONFIG));
  assert.equal(kind, 'cut');
  assert.match(message, /closed the connection before its answer was whole/);
});

test('an answer that does not come, or comes drop by drop, is given up after the total time', async () => {
  await using server = await TestServer.start();
  using client = clientOf(`localhost:${server.port}`, { totalMs: 150 });
  server.answer = () => undefined;
  const never = await failure(client.send(CONFIG));
  assert.equal(never.kind, 'timeout');
  assert.match(never.message, /\/config: no answer within 0\.15 s \(--tls_timeout\)$/);
  server.answer = (_request, response) => {
    response.write(' ');
    const drops = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(drops));
  };
  assert.equal((await failure(client.send(CONFIG))).kind, 'timeout');
  server.json({ well: 1 });
  using patient = clientOf(`localhost:${server.port}`);
  assert.deepEqual(await patient.send(CONFIG), { well: 1 });
});

test('an answer that ends in the middle is a failure, and is not asked for again at once', async () => {
  await using server = await TestServer.start();
  using client = clientOf(`localhost:${server.port}`);
  server.answer = (_request, response) => {
    response.writeHead(200, { 'Content-Length': '100' });
    response.write('{"schedule":{}}');
    setImmediate(() => response.socket!.destroy());
  };
  const { kind } = await failure(client.send(CONFIG));
  assert.equal(kind, 'cut');
  assert.equal(server.heard.length, 1);
});

test('every status but 2xx is a failure, whatever the body says', async () => {
  await using server = await TestServer.start();
  using client = clientOf(`localhost:${server.port}`);
  for (const status of [400, 401, 403, 404, 413, 500, 502, 504]) {
    server.json({ schedule: {} }, status);
    const cause = await failure(client.send(CONFIG));
    assert.equal(cause.kind, 'status');
    assert.equal(cause.status, status);
    assert.deepEqual(cause.answer, { schedule: {} });
    assert.equal(cause.message, `https://localhost:${server.port}/config: HTTP status ${status}`);
  }
  server.answer = (_request, response) => response.writeHead(502).end('<html>Bad Gateway</html>');
  assert.equal((await failure(client.send(CONFIG))).answer, undefined);
});

test('429 and 503 say when to come again, in seconds or with a date', async () => {
  await using server = await TestServer.start();
  using client = clientOf(`localhost:${server.port}`);
  server.json({}, 429, { 'Retry-After': '120' });
  const busy = await failure(client.send(CONFIG));
  assert.equal(busy.retryAfter, 120);
  assert.match(busy.message, /HTTP status 429, to be asked again in 120 s/);
  server.json({}, 503, { 'Retry-After': new Date(Date.now() + 60_000).toUTCString() });
  const { retryAfter } = await failure(client.send(CONFIG));
  assert.ok(retryAfter! > 57 && retryAfter! <= 60, `${retryAfter}`);
  server.json({}, 500, { 'Retry-After': '120' });
  assert.equal((await failure(client.send(CONFIG))).retryAfter, undefined);
});

test('redirects: on the same server they are followed, with the body, and not for ever', async () => {
  await using server = await TestServer.start();
  using client = clientOf(`localhost:${server.port}`);
  for (const status of [301, 302, 303, 307, 308]) {
    server.answer = ({ url }, response) => {
      if (url === '/config') response.writeHead(status, { Location: '/other?x=1' }).end();
      else response.end(JSON.stringify({ at: url }));
    };
    assert.deepEqual(await client.send(CONFIG), { at: '/other?x=1' });
    assert.equal(server.heard.at(-1)!.body, CONFIG.body);
    assert.equal(server.heard.at(-1)!.method, 'POST');
  }
  const before = server.heard.length;
  server.answer = (_request, response) => response.writeHead(302, { Location: '/config' }).end();
  assert.match((await failure(client.send(CONFIG))).message, /more than 10 redirects/);
  assert.equal(server.heard.length - before, 11);
  server.answer = (_request, response) => response.writeHead(304).end();
  assert.equal((await failure(client.send(CONFIG))).kind, 'status');
  server.answer = (_request, response) => response.writeHead(302).end();
  assert.match((await failure(client.send(CONFIG))).message, /redirect \(HTTP 302\) without a Location/);
});

test('redirects: to another host, port or scheme they are not followed, and nobody else hears the node key', async () => {
  await using server = await TestServer.start();
  await using other = await TestServer.start();
  let plainHeard = 0;
  const web = createHttpServer((_request, response) => {
    plainHeard += 1;
    response.end('{}');
  });
  await once(web.listen(0, '127.0.0.1'), 'listening');
  using client = clientOf(`localhost:${server.port}`);
  for (const to of [
    `https://localhost:${other.port}/config`,
    `//127.0.0.1:${server.port}/config`,
    `http://localhost:${portOf(web)}/config`,
    `http://localhost:${server.port}/config`,
  ]) {
    server.answer = (_request, response) => response.writeHead(307, { Location: to }).end();
    const { kind, message } = await failure(client.send(CONFIG));
    assert.equal(kind, 'redirect');
    assert.match(message, /which is not followed: name that server in --tls_hostname/);
  }
  assert.equal(server.heard.length, 4);
  assert.equal(other.heard.length + plainHeard, 0);
  web.close();
});

test('rubbish is a failure that names the endpoint and repeats nothing of it', async () => {
  await using server = await TestServer.start();
  using client = clientOf(`localhost:${server.port}`);
  for (const body of ['KEY-ONE', '42', '"text"', 'null', 'true', '[]', '{"a":1}x', '{"a":1,}', '\ufeff{}', '//x\n{}']) {
    server.answer = (_request, response) => response.end(body);
    const { kind, message } = await failure(client.send(CONFIG));
    assert.equal(kind, 'malformed', body);
    assert.match(message, /^https:\/\/localhost:\d+\/config: the answer is (not JSON|JSON, but not an object)$/);
  }
  await using odd = await TestServer.start();
  odd.answer = (_request, response) => response.socket!.end('SSH-2.0-OpenSSH\r\n');
  using second = clientOf(`localhost:${odd.port}`);
  assert.match((await failure(second.send(CONFIG))).message, /\/config: .* does not answer in HTTP \(HPE_/);
  odd.answer = (_request, response) => response.socket!.end(`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(100_000)}\r\n\r\n{}`);
  assert.match((await failure(second.send(CONFIG))).message, /more headers than we take/);
});

test('JSON that is deep, or has a value in each byte, is refused before anything is made of it', async () => {
  await using server = await TestServer.start();
  using client = clientOf(`localhost:${server.port}`);
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
  server.answer = (_request, response) => response.end(deep(100));
  assert.ok(await client.send(CONFIG));
  for (const body of [deep(101), deep(100_000), `{"a":${'['.repeat(1_000_000)}`]) {
    server.answer = (_request, response) => response.end(body);
    assert.match(
      (await failure(client.send(CONFIG))).message,
      /\/config: the answer is nested in more than 100 levels/,
    );
  }
  server.answer = (_request, response) => response.end(`{"a":[${'[],'.repeat(1_000_000)}1]}`);
  assert.match((await failure(client.send(CONFIG))).message, /\/config: the answer has more than 1000000 values/);
  // Brackets inside a string are none.
  server.answer = (_request, response) => response.end(`{"a":"\\"${'['.repeat(1000)}\\\\"}`);
  assert.equal((await client.send(CONFIG))['a'], `"${'['.repeat(1000)}\\`);
});

test('an answer beyond the bound is not read on: with its length, without it, and packed', async () => {
  await using server = await TestServer.start();
  const most = 1024 * 1024;
  using client = clientOf(`localhost:${server.port}`, { answerMost: most });
  const large = Buffer.from(`{"a":"${'x'.repeat(2 * most)}"}`);
  server.answer = (_request, response) => response.writeHead(200, { 'Content-Length': `${large.length}` }).end(large);
  const told = await failure(client.send(CONFIG));
  assert.equal(told.kind, 'too large');
  assert.match(told.message, /\/config: the answer is larger than 1048576 bytes \(--tls_answer_max\): \d+ bytes$/);
  let sent = 0;
  server.answer = (_request, response) => {
    const more = () => {
      for (sent += 65_536; response.write(large.subarray(0, 65_536)); sent += 65_536);
      response.once('drain', more);
    };
    response.on('error', () => undefined);
    more();
  };
  assert.equal((await failure(client.send(CONFIG))).kind, 'too large');
  assert.ok(sent < 100 * most);
  const bomb = gzipSync(Buffer.alloc(100 * most, ' '));
  server.answer = (_request, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bomb);
  const burst = await failure(client.send(CONFIG));
  assert.equal(burst.kind, 'too large');
  assert.match(
    burst.message,
    /\/config: the answer is larger than 1048576 bytes \(--tls_answer_max\): \d+ bytes of gzip$/,
  );
});
