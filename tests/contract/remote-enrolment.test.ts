/** Requests of osquery 5.23 as they were recorded (`reference/wire`), beside ours: lines, headers and bodies, key by key. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { functions } from '../../src/engine/functions/index.ts';
import { parseServer } from '../../src/remote/address.ts';
import { RemoteClient } from '../../src/remote/client.ts';
import { Connector } from '../../src/remote/connector.ts';
import { Enrolment, type EnrolmentOptions } from '../../src/remote/enrolment.ts';
import { hostDetails, type Row } from '../../src/remote/host-details.ts';
import { NodeKey } from '../../src/remote/node-key.ts';
import { Secrets } from '../../src/remote/secrets.ts';
import { RemoteSession } from '../../src/remote/session.ts';
import { openMemoryStore } from '../../src/store/sqlite-store.ts';
import { tables } from '../../src/tables/index.ts';
import { fakeAgent } from '../../src/testing/fake-agent.ts';
import { FakeTimers } from '../../src/testing/fake-timers.ts';
import { loadMachine } from '../../src/testing/machines.ts';
import { engineWith } from '../engine/support.ts';
import { ENROLMENT } from '../remote/support/node.ts';
import { AUTHORITY, TestServer } from '../remote/support/server.ts';

interface Recorded {
  readonly what: string;
  readonly scenario: string;
  readonly line: string;
  readonly authorization: string | null;
  readonly body: unknown;
}

const read = <T>(name: string): T[] =>
  readFileSync(join(import.meta.dirname, 'reference/wire', name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

const recorded = read<Recorded>('enroll.jsonl');

/** The session of a node with flags like these; its server gives the key of the recordings. */
function node(
  server: TestServer,
  flags: Partial<EnrolmentOptions> & { nodeApi?: boolean; secretAlways?: boolean } = {},
) {
  const options = { ...ENROLMENT, nodeApi: false, secretAlways: false, ...flags };
  const secrets = new Secrets();
  const address = parseServer(`localhost:${server.port}`);
  const connector = new Connector(address, {
    authorities: () => ({ certificates: [AUTHORITY.certificate], source: 'test' }),
    client: () => undefined,
    proxy: undefined,
    unsafe: false,
    connectMs: 10_000,
    resumes: true,
    sessionSeconds: 3600,
    now: () => 0,
  });
  const limits = { totalMs: 10_000, answerMost: 1e6, acceptGzip: true, dump: undefined };
  const client = new RemoteClient(address, connector, limits, secrets, true);
  const secret = () => 'enroll-secret-from-file';
  const session: RemoteSession = new RemoteSession(
    client,
    () => enrolment,
    () => options,
    secret,
    secrets,
  );
  const enrolment = new Enrolment({
    options: () => options,
    nodeKey: new NodeKey(openMemoryStore()),
    secrets,
    send: (body) => session.enroll('/enroll', body),
    secret,
    hostIdentifier: () => 'wire-host',
    details: async () => ({}),
    timers: new FakeTimers(),
    random: () => 1,
    say: () => undefined,
  });
  server.answer = ({ url }, response) =>
    response.end(url.startsWith('/enroll') ? '{"node_key":"NODE-KEY-1","node_invalid":false}' : '{}');
  return { session, client };
}

const byKey = (nodeKey: string) => ({ node_key: nodeKey });

const SCENARIOS: Readonly<Record<string, (server: TestServer) => Promise<RemoteClient>>> = {
  tls_enroll_override: async (server) => {
    const { session, client } = node(server, { secretName: 'deploy_key' });
    await session.ask({ endpoint: '/config', body: byKey });
    return client;
  },
  tls_secret_always: async (server) => {
    const { session, client } = node(server, { secretAlways: true });
    await session.ask({ endpoint: '/config', body: byKey });
    return client;
  },
  tls_node_api: async (server) => {
    const { session, client } = node(server, { nodeApi: true });
    await session.ask({ endpoint: '/config', body: undefined });
    await session.ask({ endpoint: '/dread', body: () => ({}) });
    return client;
  },
  disable_enrollment: async (server) => {
    const { session, client } = node(server, { disabled: true });
    await session.ask({ endpoint: '/config', body: byKey });
    await session.ask({ endpoint: '/dread', body: byKey });
    return client;
  },
};

for (const [scenario, run] of Object.entries(SCENARIOS)) {
  test(`as osquery: ${scenario}`, async () => {
    await using server = await TestServer.start();
    const client = await run(server);
    client.close();
    assert.deepEqual(
      server.heard.map(({ method, url, headers, body }) => [
        `${method} ${url} HTTP/1.1`,
        headers['authorization'] ?? null,
        body,
      ]),
      recorded
        .filter((one) => one.scenario === scenario)
        .map(({ line, authorization, body }) => [line, authorization, body === '' ? '' : JSON.stringify(body)]),
    );
  });
}

test('as osquery: the secret joins a query that the endpoint has', () => {
  const { session, client } = node({ port: 1 } as TestServer, { secretAlways: true });
  const lines = recorded.filter(({ scenario }) => scenario === 'tls_secret_always_query').map(({ line }) => line);
  assert.deepEqual(
    ['/enroll?a=b', '/config?x=1'].map((endpoint) => `POST ${session.path(endpoint, 'K')} HTTP/1.1`),
    lines,
  );
  client.close();
});

test('as osquery: the head of a request, but for what keeps the connection', async () => {
  await using server = await TestServer.start();
  const { session, client } = node(server);
  await session.ask({ endpoint: '/config', body: byKey });
  await session.ask({ endpoint: '/log', body: byKey, compress: true });
  client.close();
  const heads = new Map(
    read<{ path: string; head: string }>('request-heads.jsonl').map(({ path, head }) => [path, head]),
  );
  for (const { method, url, rawHeaders } of server.heard) {
    const lines = [`${method} ${url} HTTP/1.1`];
    for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
    const same = (text: string) => text.replace(/osquery\/.*|localhost:\d+|(?<=Length: )\d+/g, '…');
    const recordedLines = heads.get(url)!.trimEnd().split('\r\n');
    assert.deepEqual(lines.filter((line) => line !== 'Connection: keep-alive').map(same), recordedLines.map(same));
  }
});

test('as osquery: the details of a host, key by key', async () => {
  const { body } = recorded.find(({ what }) => what === 'host details')! as { body: { host_details: object } };
  const host = loadMachine('debian');
  const declared = tables.map(({ load }) => load());
  const { engine } = engineWith(declared, {
    host,
    agent: fakeAgent(),
    functions: (context) => functions({ ...context, regexMaxSize: 256 }),
  });
  const select = async (sql: string): Promise<Row[]> => {
    const { columns, rows } = engine.query(sql);
    return rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i] as Row[string]])));
  };
  const warnings: string[] = [];
  const details = await hostDetails(select, host.files, (message) => warnings.push(message));
  assert.deepEqual(warnings, []);
  // The recording's machine has no firmware that says anything, this one has.
  const firmware = /^(hardware_(vendor|version|serial)|board_\w+)$/;
  const shape = (all: object) =>
    Object.entries(all)
      .filter(([table]) => table !== 'platform_info')
      .map(([table, row]) => [table, Object.keys(row as object).filter((key) => !firmware.test(key))]);
  assert.deepEqual(shape(details), shape(body.host_details));
  assert.deepEqual(Object.keys(details), ['os_version', 'osquery_info', 'platform_info', 'system_info']);
  const recordedVersion = (body.host_details as { os_version: object }).os_version;
  // osquery does not look at `/etc/debian_version`, which says 12.5.
  assert.deepEqual(details['os_version'], { ...recordedVersion, minor: '5' });
  for (const row of Object.values(details))
    for (const value of Object.values(row)) assert.equal(typeof value, 'string');
});

test('a table that fails or has no row is left out of the details', async () => {
  const warnings: string[] = [];
  const select = async (sql: string): Promise<Row[]> => {
    if (sql.includes('system_info')) throw new Error('stopped');
    return sql.includes('platform_info') ? [] : [{ version: 'v', empty: '', nothing: null, number: 7n }];
  };
  const details = await hostDetails(select, loadMachine('empty').files, (message) => warnings.push(message));
  assert.deepEqual(details, {
    os_version: { number: '7', version: 'v' },
    osquery_info: { number: '7', version: 'v' },
  });
  assert.deepEqual(warnings, ['system_info: not among what the server is told at enrolment: stopped']);
});
