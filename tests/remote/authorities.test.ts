import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAuthorities, readClientFile } from '../../src/remote/authorities.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { parseTree } from '../../src/testing/tree.ts';

const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----`;
const lines = (text: string) => text.replace(/^/gm, '| ');
const DEFAULT = '/opt/osquery/share/osquery/certs/certs.pem';

function files(...entries: readonly (readonly [path: string, text: string])[]) {
  return new MemoryHost(parseTree(entries.map(([path, text]) => `${path}\n${lines(text)}`).join('\n'), 'test')).files;
}

test('a file with several, and what else stands in it', () => {
  const one = files(['/ca.pem', `# two\n${pem('A')}\nsubject: B\n${pem('B')}\n-----BEGIN PRIVATE KEY-----`]);
  const { certificates, source } = readAuthorities(one, '/ca.pem', true);
  assert.deepEqual(certificates, [pem('A'), pem('B')]);
  assert.equal(source, '/ca.pem (--tls_server_certs)');
});

test('a directory: each certificate once, whatever its file is called; other files are no matter', () => {
  const one = files(
    ['/ca/a.pem', pem('A')],
    ['/ca/b.crt', pem('B')],
    ['/ca/deadbeef.0', pem('B')],
    ['/ca/README', 'text'],
    ['/ca/sub/c.pem', pem('C')],
    ['/ca/locked error=EACCES', pem('D')],
  );
  assert.deepEqual(readAuthorities(one, '/ca/', true).certificates?.toSorted(), [pem('A'), pem('B')]);
});

test('the default file if it is there, else the store of the system, else that of Node', () => {
  const system: readonly [string, string] = ['/etc/ssl/certs/ca-certificates.crt', pem('S')];
  assert.deepEqual(readAuthorities(files(system, [DEFAULT, pem('A')]), DEFAULT, false).certificates, [pem('A')]);
  const found = readAuthorities(files(system), DEFAULT, false);
  assert.deepEqual(found.certificates, [pem('S')]);
  assert.match(found.source, /^the system, \/etc\/ssl/);
  const fedora = files(['/etc/ssl/certs/ca-certificates.crt', 'empty'], ['/etc/pki/tls/certs/ca-bundle.crt', pem('F')]);
  assert.deepEqual(readAuthorities(fedora, DEFAULT, false).certificates, [pem('F')]);
  const none = readAuthorities(files(['/x', '']), DEFAULT, false);
  assert.equal(none.certificates, undefined);
  assert.match(none.source, /^Node/);
  assert.deepEqual(readAuthorities(files(system), '', true).certificates, [pem('S')]);
});

test('what was named and has none is a failure that names it and the flag, not silence', () => {
  const one = files(['/etc/ssl/certs/ca-certificates.crt', pem('S')], ['/text', 'no'], ['/dir/text', 'no']);
  const message = (path: string) => {
    try {
      return readAuthorities(one, path, true).source;
    } catch (cause) {
      return (cause as Error).message;
    }
  };
  const said = (path: string, why: string) =>
    `${path}: the server cannot be checked against it: ${why}; see --tls_server_certs`;
  assert.equal(message('/none'), said('/none', 'ENOENT'));
  assert.equal(message('/text'), said('/text', 'there is no certificate in PEM in it'));
  assert.equal(message('/dir'), said('/dir', 'there is no certificate in PEM in it'));
});

test('files of the client that cannot be read are said with their flag', () => {
  assert.throws(() => readClientFile(files(['/x', '']), 'tls_client_key', '/none'), {
    name: 'RemoteFailure',
    message: '/none: cannot be read: ENOENT; see --tls_client_key',
  });
});
