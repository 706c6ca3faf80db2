import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secrets } from '../../src/remote/secrets.ts';

test('what is known to be secret is hidden in every form', () => {
  const secrets = new Secrets();
  const secret = 'a "b"&c=d#é';
  secrets.add(secret);
  for (const text of [
    secret,
    JSON.stringify({ x: secret }),
    `/log?key=${encodeURIComponent(secret)}`,
    `Authorization: ${Buffer.from(secret).toString('base64')}`,
  ]) {
    const shown = secrets.mask(text);
    assert.match(shown, /\*{8}/);
    assert.doesNotMatch(shown, /b"&c|b\\"&c|%22b|YSAi/);
  }
});

test('a secret within another is no help', () => {
  const secrets = new Secrets();
  secrets.add('secret');
  secrets.add('secret-and-more');
  assert.equal(secrets.mask('x secret-and-more y'), 'x ******** y');
});

test('what nobody told is hidden where its key stands', () => {
  const secrets = new Secrets();
  secrets.addName('deploy.key');
  assert.equal(
    secrets.mask('{"node_key":"K","enroll_secret" : "a\\"b","deploy.key":"c","deployxkey":"d"}'),
    '{"node_key":"********","enroll_secret" : "********","deploy.key":"********","deployxkey":"d"}',
  );
  assert.equal(
    secrets.mask('/a?enroll_secret=b c&node_key=K&x=1'),
    '/a?enroll_secret=******** c&node_key=********&x=1',
  );
  assert.equal(secrets.mask('Authorization: NodeKey K'), 'Authorization: NodeKey ********');
  assert.equal(secrets.mask('http://me:pw@proxy:1'), 'http://********@proxy:1');
  // Cut in the middle.
  assert.equal(secrets.mask('{"node_key":"ABC'), '{"node_key":"********"');
});

test('a value of a few characters does not hide half of a text', () => {
  const secrets = new Secrets();
  secrets.add('a');
  assert.equal(secrets.mask('a banana'), 'a banana');
});

test('node keys pass, other secrets stay', () => {
  const secrets = new Secrets();
  secrets.add('lasting');
  for (let i = 0; i < 1000; i++) secrets.addPassing(`key-${i}.`);
  assert.equal(secrets.mask('lasting key-0. key-984. key-999.'), '******** key-0. ******** ********');
});
