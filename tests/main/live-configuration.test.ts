import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../src/base/errors.ts';
import type { ConfigSource } from '../../src/config/configuration.ts';
import { OptionValues } from '../../src/config/option-values.ts';
import { LiveConfiguration } from '../../src/main/daemon/live-configuration.ts';
import { openMemoryStore } from '../../src/store/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';

const PACK = { p: '/web.conf' };

/** A configuration in two files, and a pack in a third; undefined where there is none. */
function live(store: Store, files: Record<string, string | undefined>, flags: Readonly<Record<string, string>> = {}) {
  const options = new OptionValues();
  for (const [name, value] of Object.entries(flags)) options.set(options.declaration(name)!, value);
  const read = (source: string) => {
    const text = files[source];
    if (text === undefined) throw new UserError(`${source}: cannot be read: ENOENT`);
    return { source, text };
  };
  const source: ConfigSource = { texts: () => ['/a.conf', '/b.conf'].map(read), pack: read, packs: () => [] };
  const said: string[] = [];
  const configuration = new LiveConfiguration(source, options, store, (severity, text) => {
    said.push(`${severity} ${text}`);
  });
  const names = () => configuration.current.packs.flatMap(({ queries }) => queries.map(({ name }) => name)).sort();
  return { configuration, options, said, names };
}

const schedule = (name: string, more = {}) =>
  JSON.stringify({ schedule: { [name]: { query: 'select 1', interval: 1 } }, ...more });
const pack = (name: string) => JSON.stringify({ queries: { [name]: { query: 'select 1', interval: 1 } } });

test('one that is broken later changes nothing, whichever of its files it is', () => {
  using store = openMemoryStore();
  const files: Record<string, string | undefined> = {
    '/a.conf': schedule('one', { packs: PACK, options: { schedule_splay_percent: 7 } }),
    '/b.conf': schedule('two'),
    '/web.conf': pack('three'),
  };
  const { configuration, options, said, names } = live(store, files);
  assert.equal(configuration.load(), true);
  for (const [path, text] of [
    ['/a.conf', '{"options": {"schedule_splay_percent": 8}'],
    ['/b.conf', schedule('other').slice(0, -5)],
    ['/web.conf', '{"queries": {'],
    ['/a.conf', undefined],
  ] as const) {
    const whole = files[path];
    files[path] = text;
    assert.equal(configuration.load(), false, path);
    assert.deepEqual([configuration.valid, names()], [false, ['one', 'three', 'two']]);
    assert.equal(options.number('schedule_splay_percent'), 7);
    assert.match(said.pop()!, new RegExp(`^ERROR Error reading config: ${path}:`));
    assert.deepEqual(said, []);
    files[path] = whole;
    assert.deepEqual([configuration.load(), configuration.valid], [false, true]);
  }
});

test('a change of a pack in a file of its own is a change', () => {
  using store = openMemoryStore();
  const files: Record<string, string> = { '/a.conf': schedule('one', { packs: PACK }), '/b.conf': '{}' };
  files['/web.conf'] = pack('before');
  const { configuration, names } = live(store, files);
  configuration.load();
  files['/web.conf'] = pack('after');
  assert.equal(configuration.load(), true);
  assert.deepEqual(names(), ['after', 'one']);
  assert.equal(configuration.load(), false);
});

test('one that is broken from the start: the backup, or what is whole of it', () => {
  using store = openMemoryStore();
  const whole = { '/a.conf': schedule('one'), '/b.conf': schedule('two') };
  const broken = { ...whole, '/b.conf': '{"schedule"' };
  const without = live(store, broken, { config_enable_backup: 'true' });
  without.configuration.load();
  assert.deepEqual([without.names(), without.configuration.valid], [['one'], false]);
  assert.equal(store.settings.get('config.backup'), undefined);

  live(store, whole, { config_enable_backup: 'true' }).configuration.load();
  const again = live(store, broken, { config_enable_backup: 'true' });
  again.configuration.load();
  assert.deepEqual(again.names(), ['one', 'two']);
  assert.match(again.said.join('\n'), /^ERROR Error reading config: \/b\.conf:1: .*\nINFO Starts with the backup/);

  store.settings.set('config.backup', '[{"source"');
  const lost = live(store, broken, { config_enable_backup: 'true' });
  lost.configuration.load();
  assert.deepEqual(lost.names(), ['one']);
  assert.match(lost.said.join('\n'), /WARNING The backup of the configuration is damaged, and is not used/);

  const gone = live(store, {});
  gone.configuration.load();
  assert.deepEqual(gone.names(), []);
});
