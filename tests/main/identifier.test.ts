import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionValues } from '../../src/config/option-values.ts';
import { LinuxHost } from '../../src/host/linux/linux-host.ts';
import { identityOf } from '../../src/main/daemon/identifier.ts';
import { openMemoryStore } from '../../src/store/sqlite-store.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { parseTree } from '../../src/testing/tree.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function options(kind: string, specified = ''): OptionValues {
  const values = new OptionValues();
  values.set(values.declaration('host_identifier')!, kind);
  values.set(values.declaration('specified_identifier')!, specified);
  return values;
}

test('each kind of identifier, and what of it stays', () => {
  using store = openMemoryStore();
  const host = new LinuxHost();
  const of = (kind: string, specified?: string) => identityOf(options(kind, specified), host, store).identifier();
  assert.equal(of('hostname'), host.kernel!.identity().node);
  assert.equal(of('specified', 'web-1'), 'web-1');
  assert.match(of('instance'), UUID);
  assert.equal(of('instance'), of('instance'));
  assert.match(of('ephemeral'), UUID);
  assert.notEqual(of('ephemeral'), of('ephemeral'));
  assert.match(of('uuid').toLowerCase(), UUID);
  assert.equal(of('uuid'), of('uuid'));
  assert.throws(() => of('hosts'), /'host_identifier'; it is hostname, uuid, instance, ephemeral or specified$/);
  using other = openMemoryStore();
  assert.notEqual(identityOf(options('instance'), host, other).identifier(), of('instance'));
});

test('a machine whose firmware has no UUID gets one that stays with its store', () => {
  using store = openMemoryStore();
  const host = new MemoryHost(parseTree('', 'none'));
  const of = () => identityOf(options('uuid'), host, store).identifier();
  assert.match(of(), UUID);
  assert.equal(of(), of());
});
