import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PathRules } from '../../../src/events/files/path-rules.ts';

const rules = (paths: Record<string, string[]>, excluded: Record<string, string[]> = {}) =>
  new PathRules({ paths: new Map(Object.entries(paths)), excluded: new Map(Object.entries(excluded)) });

test('what fits: one level, all below, a file, a directory', () => {
  const all = rules({
    level: ['/etc/%', '/opt/*/conf/%.ini'],
    below: ['/home/%/.ssh/%%', '/usr/**'],
    file: ['/etc/hosts', '/var/log/'],
  });
  const cases: [string, string[]][] = [
    ['/etc/passwd', ['level']],
    ['/etc/.hidden', ['level']],
    ['/etc/hosts', ['level', 'file']],
    ['/etc/hosts/x', ['file']],
    ['/etc/ssl/x', []],
    ['/etc', []],
    ['/opt/a/conf/b.ini', ['level']],
    ['/opt/a/conf/b.iniX', []],
    ['/opt/a/b/conf/b.ini', []],
    ['/home/joe/.ssh/authorized_keys', ['below']],
    ['/home/joe/.ssh/a/b/c', ['below']],
    ['/home/joe/.ssh', []],
    ['/usr/.x', ['below']],
    ['/usr', []],
    ['/var/log', ['file']],
    ['/var/log/syslog', ['file']],
    ['/var/log/apt/history', []],
  ];
  for (const [path, categories] of cases) assert.deepEqual(all.match(path), categories, path);
});

test('what is excluded, from its category only', () => {
  const some = rules({ a: ['/home/%%'], b: ['/home/%%'] }, { a: ['/home/x/%%', '/home/y/cache', '/home/%/%.tmp'] });
  const cases: [string, string[]][] = [
    ['/home/x', ['a', 'b']],
    ['/home/x/1', ['b']],
    ['/home/y/cache', ['b']],
    ['/home/y/cache/1', ['b']],
    ['/home/y/cache/1/2', ['a', 'b']],
    ['/home/z/1.tmp', ['b']],
    ['/home/z/1', ['a', 'b']],
  ];
  for (const [path, categories] of cases) assert.deepEqual(some.match(path), categories, path);
});

test('which directories matter', () => {
  const all = rules({ a: ['/home/%/.ssh/%%', '/etc/hosts', '/srv/%/x'] }, { a: ['/home/%/.ssh/old/%%'] });
  const interest = (path: string) => {
    const found = all.interest(path);
    return (
      found && `${found.covers ? 'covers ' : ''}${found.leads ? 'leads ' : ''}${found.recursive ? 'recursive' : ''}`
    );
  };
  assert.equal(interest('/'), 'leads ');
  assert.equal(interest('/home'), 'leads ');
  assert.equal(interest('/home/joe'), 'covers leads ');
  assert.equal(interest('/home/joe/.ssh'), 'covers leads recursive');
  assert.equal(interest('/home/joe/.ssh/a/b'), 'covers leads recursive');
  assert.equal(interest('/home/joe/.ssh/old'), undefined);
  assert.equal(interest('/home/joe/.ssh/old/x'), undefined);
  assert.equal(interest('/home/joe/other'), undefined);
  assert.equal(interest('/etc'), 'covers leads ');
  assert.equal(interest('/etc/hosts'), 'covers ');
  assert.equal(interest('/etc/ssl'), undefined);
  assert.equal(interest('/srv/1'), 'covers leads ');
  assert.equal(interest('/srv/1/x/y'), undefined);
  assert.equal(interest('/usr'), undefined);
});
