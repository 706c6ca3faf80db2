import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { OptionValues } from '../../src/config/option-values.ts';
import { LinuxHost } from '../../src/host/linux/linux-host.ts';
import { openRemote, type Remote } from '../../src/main/daemon/remote.ts';
import { openMemoryStore } from '../../src/store/sqlite-store.ts';
import { issue } from '../remote/support/certificates.ts';
import { failure } from '../remote/support/client.ts';
import { TestProxy } from '../remote/support/proxy.ts';
import { AUTHORITY, TestServer } from '../remote/support/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'osquery-remote-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/** The flags of an agent of a server, and more. */
function open(hostname: string, flags: Readonly<Record<string, string>> = {}) {
  const options = new OptionValues();
  const said: string[] = [];
  const printed: string[] = [];
  for (const [name, value] of Object.entries({
    tls_hostname: hostname,
    tls_server_certs: file('ca.pem', AUTHORITY.certificate),
    enroll_tls_endpoint: '/enroll',
    enroll_secret_path: file('secret', ' s3cret-of-all \n'),
    ...flags,
  })) {
    options.set(options.declaration(name)!, value);
  }
  const remote = openRemote({
    options,
    store: openMemoryStore(),
    host: new LinuxHost(),
    hostIdentifier: () => 'web-1',
    select: async () => [{ version: '1' }],
    say: (severity, message) => said.push(`${severity} ${message}`),
    print: (text) => printed.push(text),
  });
  return { remote, options, said, printed, [Symbol.dispose]: () => remote.close() };
}

const config = (remote: Remote) => remote.session.ask({ endpoint: '/config', body: (node_key) => ({ node_key }) });

test('from flags to an answer: enrolment, then the request, over one connection', async () => {
  await using server = await TestServer.start();
  server.answer = ({ url }, response) => response.end(url === '/enroll' ? '{"node_key":"THE-KEY"}' : '{"schedule":{}}');
  using agent = open(`localhost:${server.port}`);
  assert.deepEqual(await config(agent.remote), { schedule: {} });
  const [enroll, asked] = server.heard;
  const { enroll_secret, host_identifier, platform_type, host_details } = JSON.parse(enroll!.body);
  assert.deepEqual([enroll_secret, host_identifier, platform_type], ['s3cret-of-all', 'web-1', '9']);
  assert.deepEqual(Object.keys(host_details), ['os_version', 'osquery_info', 'platform_info', 'system_info']);
  assert.equal(asked!.body, '{"node_key":"THE-KEY"}');
  assert.equal(server.connections, 1);
  assert.deepEqual(agent.said, ['INFO this node is enrolled']);
  assert.deepEqual(agent.printed, []);
});

test('--tls_dump prints with --verbose, and then no secret', async () => {
  await using server = await TestServer.start();
  server.answer = ({ url }, response) => response.end(url === '/enroll' ? '{"id":"THE-KEY"}' : '{"a":"THE-KEY"}');
  using agent = open(`localhost:${server.port}`, { tls_dump: 'true', verbose: 'true' });
  await config(agent.remote);
  const text = agent.printed.join('');
  assert.equal(agent.printed.length, 4);
  assert.match(text, /\{"enroll_secret":"\*{8}","host_identifier":"web-1"/);
  assert.doesNotMatch(text, /THE-KEY|s3cret/);
});

test('client certificate, proxy with a password, and what they say when they do not fit', async () => {
  const options = { requestCert: true, rejectUnauthorized: true, ca: AUTHORITY.certificate };
  await using server = await TestServer.start({ options });
  await using proxy = await TestProxy.start();
  server.json({ node_key: 'K' });
  proxy.wants = `Basic ${Buffer.from('me:proxy-pass').toString('base64')}`;
  const client = issue({ name: 'agent', by: AUTHORITY });
  const flags = {
    proxy_hostname: `me:proxy-pass@localhost:${proxy.port}`,
    tls_client_cert: file('client.pem', client.certificate),
    tls_client_key: file('client.key', client.key),
  };
  using agent = open(`localhost:${server.port}`, flags);
  await config(agent.remote);
  assert.equal(agent.options.shown('proxy_hostname'), `********@localhost:${proxy.port}`);
  for (const [more, expected] of [
    [{ tls_client_key: '' }, /--tls_client_cert and --tls_client_key are only of use together/],
    [{ tls_client_key: '/none' }, /\/none: cannot be read: ENOENT; see --tls_client_key/],
    [{ tls_client_key: file('other.key', issue({ name: 'x' }).key) }, /not taken by OpenSSL: ERR_OSSL_X509_KEY_VALUES/],
    [{ tls_server_certs: '/none' }, /\/none: the server cannot be checked against it: ENOENT/],
    [{ enroll_tls_endpoint: '' }, /--enroll_tls_endpoint is empty/],
    [{ enroll_secret_path: '/none' }, /\/none cannot be read: ENOENT; see --enroll_secret_path/],
  ] as const) {
    using wrong = open(`localhost:${server.port}`, { ...flags, ...more });
    const { message } = await failure(config(wrong.remote));
    assert.match(message, expected);
    assert.doesNotMatch(message + wrong.said.join(), /proxy-pass|s3cret/);
  }
});

test('a server that is down at the start holds nobody up, and is found when it is there', async () => {
  const server = await TestServer.start();
  const { port } = server;
  await server[Symbol.asyncDispose]();
  using agent = open(`localhost:${port}`);
  assert.equal((await failure(config(agent.remote))).kind, 'not enrolled');
  assert.equal((await failure(config(agent.remote))).kind, 'not enrolled');
  const enrolled = new Promise<void>((resolve) => agent.remote.enrolment.onKey(resolve));
  await using again = await TestServer.start({ port });
  again.json({ node_key: 'K' });
  await enrolled;
  await config(agent.remote);
});

test('flags that make no sense are said at the start', () => {
  assert.throws(() => open(''), /--tls_hostname is empty: a plugin called tls needs a server/);
  assert.throws(() => open('a:b'), /--tls_hostname: a:b is not a server/);
  assert.throws(
    () => open('a', { proxy_hostname: 'me:hidden@x:y' }),
    (cause: Error) => !/hidden/.test(cause.message),
  );
  using unsafe = open('a', { tls_allow_unsafe: 'true' });
  assert.match(unsafe.said[0]!, /^WARNING --tls_allow_unsafe: the certificate of the server is not checked/);
});

test('limits that make no sense are those that do', async () => {
  await using server = await TestServer.start();
  server.answer = (_request, response) => response.end('{"node_key":"K"}');
  const most = '18446744073709551615';
  using agent = open(`localhost:${server.port}`, {
    tls_timeout: most,
    tls_connect_timeout: most,
    tls_answer_max: most,
  });
  await config(agent.remote);
  using other = open(`localhost:${server.port}`, { tls_answer_max: '0' });
  assert.match((await failure(config(other.remote))).message, /larger than 1 bytes/);
});

test('an agent that uses no server loads nothing of this', () => {
  const root = join(import.meta.dirname, '../..');
  const importing = globSync('{src,bin}/**/*.{ts,js}', { cwd: root })
    .filter((path) => !path.startsWith('src/remote/') && path !== 'src/main/daemon/remote.ts')
    .filter((path) =>
      /^import (?!type\b).*\/remote(?:\.ts|\/[\w-]+\.ts)'/m.test(readFileSync(join(root, path), 'utf8')),
    );
  // `import(…)` where a plugin called tls is asked for.
  assert.deepEqual(importing, ['src/config/options.ts']);
});
