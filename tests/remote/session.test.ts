import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RemoteSession } from '../../src/remote/session.ts';
import { clientOf, failure } from './support/client.ts';
import { TestNode } from './support/node.ts';
import { TestServer } from './support/server.ts';

const ENDPOINTS = ['/config', '/log', '/dread', '/dwrite'];

/** A node at a server; its enrolments do not go there. */
function at(server: TestServer, node = new TestNode()) {
  const client = clientOf(`localhost:${server.port}`, { secrets: node.secrets });
  const options = { nodeApi: false, secretAlways: false, secretName: 'enroll_secret' };
  const session = new RemoteSession(
    client,
    () => node.enrolment,
    () => options,
    node.secret,
    node.secrets,
  );
  const ask = (endpoint: string, more: object = {}) =>
    session.ask({ endpoint, body: (node_key) => ({ node_key }), ...more });
  return { node, session, ask, options, [Symbol.dispose]: () => client.close() };
}

test('node_invalid on any endpoint, with any status, leads to one enrolment', async () => {
  await using server = await TestServer.start();
  for (const status of [200, 401]) {
    for (const endpoint of ENDPOINTS) {
      using one = at(server);
      server.json({ node_invalid: true, error: 'who?' }, status);
      const { kind } = await failure(one.ask(endpoint));
      assert.equal(kind, 'node invalid');
      assert.equal(one.node.enrolment.current, undefined);
      assert.equal((await failure(one.ask(endpoint))).kind, 'not enrolled');
      assert.equal(one.node.bodies.length, 1);
      one.node.enrolment.close();
    }
  }
});

test('all endpoints at once are one refusal', async () => {
  await using server = await TestServer.start();
  using one = at(server);
  server.json({ node_invalid: true });
  const failures = await Promise.all(ENDPOINTS.map((endpoint) => failure(one.ask(endpoint))));
  assert.deepEqual(
    failures.map(({ kind }) => kind),
    ENDPOINTS.map(() => 'node invalid'),
  );
  assert.deepEqual(one.node.timers.waits, [1000]);
});

test('only true is node_invalid; carves do not look', async () => {
  await using server = await TestServer.start();
  using one = at(server);
  for (const value of ['true', 1, {}, false, null]) {
    server.json({ node_invalid: value });
    await one.ask('/config');
  }
  server.json({ node_invalid: true });
  await one.ask('/start', { ignoresInvalid: true });
  assert.equal(one.node.enrolment.current, 'KEY-1');
});

test('an error in the answer is a failure that says it, in a line, without secrets', async () => {
  await using server = await TestServer.start();
  using one = at(server);
  server.json({ error: 'no\nKEY-1 of the-secret', schedule: {} });
  const { kind, message, answer } = await failure(one.ask('/config'));
  assert.equal(kind, 'refused');
  assert.equal(message, '/config: the server says: no ******** of ********');
  assert.ok(answer !== undefined);
  server.json({ error: { a: 1 } });
  assert.equal((await failure(one.ask('/config'))).message, '/config: the server says: <unknown>');
  assert.deepEqual(await one.ask('/config', { ignoresError: true }), { error: { a: 1 } });
});

test('no message has the key or the secret, wherever they stand', async () => {
  const server = await TestServer.start();
  using one = at(server);
  one.options.nodeApi = true;
  one.options.secretAlways = true;
  server.answer = ({ url }, response) => response.writeHead(302, { Location: `https://elsewhere${url}` }).end();
  const messages = [(await failure(one.ask('/config'))).message];
  server.json({}, 500);
  messages.push((await failure(one.ask('/config'))).message);
  assert.equal(server.heard.at(-1)!.url, '/KEY-1/config&node_key=KEY-1?enroll_secret=the-secret');
  await server[Symbol.asyncDispose]();
  messages.push((await failure(one.ask('/config'))).message);
  for (const message of messages) assert.doesNotMatch(message, /KEY-1|the-secret/);
});

test('what is in a key or a secret stays in its place', async () => {
  await using server = await TestServer.start();
  const node = new TestNode();
  node.answer = async () => ({ node_key: 'a/b?c=d #é' });
  node.secret = () => 'a b&c=d#e%é';
  using one = at(server, node);
  Object.assign(one.options, { nodeApi: true, secretAlways: true });
  await one.session.ask({ endpoint: 'config', body: undefined });
  const [{ url, headers, method }] = server.heard as [(typeof server.heard)[number]];
  assert.equal(method, 'GET');
  const key = 'a%2Fb%3Fc%3Dd%20%23%C3%A9';
  assert.equal(url, `/${key}/config&node_key=${key}?enroll_secret=a%20b%26c%3Dd%23e%25%C3%A9`);
  assert.equal(Buffer.from(headers['authorization']!, 'latin1').toString(), 'NodeKey a/b?c=d #é');
});

test('that the server is back is heard once, and only after it could not be reached', async () => {
  await using server = await TestServer.start();
  using one = at(server);
  let backs = 0;
  const hearNoMore = one.session.onBack(() => (backs += 1));
  const asked = async (status: number) => {
    server.json({}, status);
    await one.ask('/config').catch(() => undefined);
    return backs;
  };
  const seen: number[] = [];
  for (const status of [200, 500, 200, 429, 200, 503, 503, 200, 200]) seen.push(await asked(status));
  assert.deepEqual(seen, [0, 0, 0, 0, 0, 0, 0, 1, 1]);
  server.answer = (_request, response) => response.socket!.destroy();
  await failure(one.ask('/log'));
  await failure(one.ask('/log'));
  assert.equal(await asked(200), 2);
  hearNoMore();
  await asked(502);
  assert.equal(await asked(200), 2);
});
