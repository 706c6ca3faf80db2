import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issue, type Wanted } from './support/certificates.ts';
import { type ClientSettings, CONFIG, clientOf, failure } from './support/client.ts';
import { AUTHORITY, LOCALHOST, TestServer } from './support/server.ts';

const DAY_MS = 86_400_000;
const ago = (days: number) => new Date(Date.now() - days * DAY_MS);

/** What a client says of a server with a certificate like this. */
async function refusal(wanted: Partial<Wanted>, settings: ClientSettings = {}): Promise<string> {
  const identity = issue({ name: 'localhost', dns: ['localhost'], by: AUTHORITY, ...wanted });
  await using server = await TestServer.start({ identity });
  using client = clientOf(`localhost:${server.port}`, settings);
  const { kind, message } = await failure(client.send(CONFIG));
  assert.equal(kind, 'certificate');
  assert.equal(server.heard.length, 0);
  return message.replace(/:\d{4,5}\b/g, ':PORT');
}

test('a wrong authority: which one was found, where it was looked for, and the flag', async () => {
  const other = issue({ name: 'another authority', authority: true });
  assert.equal(
    await refusal({ by: other }),
    'https://localhost:PORT/config: the authority of the certificate of localhost:PORT does not fit: its authority is not among ' +
      'the known ones, or an intermediate one is missing (signed by another authority); checked against /etc/test.pem; ' +
      '--tls_server_certs names others',
  );
  const itself = issue({ name: 'localhost', dns: ['localhost'] });
  await using server = await TestServer.start({ identity: itself });
  using client = clientOf(`localhost:${server.port}`);
  assert.match(
    (await failure(client.send(CONFIG))).message,
    /does not fit: it is signed by itself .*--tls_server_certs/,
  );
});

test('a wrong name: whose certificate it is, and the flag', async () => {
  assert.equal(
    await refusal({ dns: ['fleet.example.com'], ips: [[192, 0, 2, 1]] }),
    'https://localhost:PORT/config: the name in the certificate of localhost:PORT does not fit: it is for ' +
      'DNS:fleet.example.com, IP Address:192.0.2.1, not localhost; see --tls_hostname',
  );
});

test('an address is checked like a name', async () => {
  await using server = await TestServer.start({ identity: issue({ name: 'x', dns: ['localhost'], by: AUTHORITY }) });
  using client = clientOf(`127.0.0.1:${server.port}`);
  assert.match(
    (await failure(client.send(CONFIG))).message,
    /it is for DNS:localhost, not 127\.0\.0\.1; see --tls_host/,
  );
  await using good = await TestServer.start();
  using other = clientOf(`127.0.0.1:${good.port}`);
  await other.send(CONFIG);
});

test('a wrong date: which one, and what time it is here', async () => {
  const late = await refusal({ from: ago(20), until: ago(10) });
  assert.match(
    late,
    /the date of the certificate of localhost:PORT does not fit: it was valid until .* GMT, now it is .* GMT here/,
  );
  const early = await refusal({ from: ago(-10), until: ago(-20) });
  assert.match(
    early,
    /does not fit: it is from|does not fit: it is valid from .* GMT, now it is .* GMT here; see --tls_host/,
  );
});

test('a certificate of its own may be pinned; one whose authority is unknown may not', async () => {
  const itself = issue({ name: 'localhost', dns: ['localhost'] });
  await using server = await TestServer.start({ identity: itself });
  using client = clientOf(`localhost:${server.port}`, { authorities: [itself.certificate] });
  await client.send(CONFIG);
  await using signed = await TestServer.start();
  using other = clientOf(`localhost:${signed.port}`, { authorities: [LOCALHOST.certificate] });
  assert.equal((await failure(other.send(CONFIG))).kind, 'certificate');
});

test('--tls_allow_unsafe checks nothing', async () => {
  const wrong = issue({ name: 'x', dns: ['elsewhere'], from: ago(20), until: ago(10) });
  await using server = await TestServer.start({ identity: wrong });
  using client = clientOf(`localhost:${server.port}`, { unsafe: true });
  await client.send(CONFIG);
  assert.equal(server.heard.length, 1);
});

test('a server that wants a certificate gets ours; without it the message has the flags', async () => {
  const options = { requestCert: true, rejectUnauthorized: true, ca: AUTHORITY.certificate };
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    await using server = await TestServer.start({ options: { ...options, maxVersion } });
    using client = clientOf(`localhost:${server.port}`, { certificate: issue({ name: 'agent', by: AUTHORITY }) });
    await client.send(CONFIG);
    using stranger = clientOf(`localhost:${server.port}`);
    const { kind, message } = await failure(stranger.send(CONFIG));
    // A reset may overtake the reason.
    assert.ok(kind === 'tls' || kind === 'cut', message);
    if (kind === 'tls') assert.match(message, /it may want a certificate: --tls_client_cert, --tls_client_key/);
    assert.equal(server.heard.length, 1);
  }
});

test('files that were mended are found at the next try', async () => {
  await using server = await TestServer.start();
  const authorities: string[] = [issue({ name: 'old', authority: true }).certificate];
  using client = clientOf(`localhost:${server.port}`, { authorities });
  assert.equal((await failure(client.send(CONFIG))).kind, 'certificate');
  authorities.push(AUTHORITY.certificate);
  await client.send(CONFIG);
});
