import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RefusingMachine, refusal } from '../../src/events/bpf/refusal.ts';

const machine: RefusingMachine = {
  release: '6.8.0-149-generic',
  hasTypes: true,
  lockdown: '[none] integrity confidentiality\n',
  isRoot: true,
};
const why = (some: Partial<RefusingMachine>, cause = 'create map osquery_ring: EPERM') => {
  const text = refusal({ ...machine, ...some }, cause);
  return /^events of eBPF need root, .* and CONFIG_FTRACE_SYSCALLS: ([^;]*)/.exec(text)?.[1];
};

test('why there are no events of eBPF', () => {
  assert.equal(why({}), 'create map osquery_ring: EPERM');
  for (const release of ['4.15.0-213-generic', '5.4.0-216-generic', '5.7.19', '3.10.0-1160.el7']) {
    assert.equal(why({ release, hasTypes: false }), `this is Linux ${release}`);
  }
  assert.equal(
    why({ release: '5.8.0-38-generic', hasTypes: false }),
    'Linux 5.8.0-38-generic has been built without CONFIG_DEBUG_INFO_BTF',
  );
  assert.match(
    why({ lockdown: 'none integrity [confidentiality]\n' })!,
    /^the kernel is locked down \(confidentiality\)/,
  );
  assert.equal(why({ lockdown: 'none [integrity] confidentiality\n' }), 'create map osquery_ring: EPERM');
  assert.equal(
    why({}, 'read tracefs: events/syscalls/sys_enter_execve/id: ENOENT'),
    'Linux 6.8.0-149-generic has been built without CONFIG_FTRACE_SYSCALLS',
  );
  assert.equal(why({ release: '5.10.0' }), 'create map osquery_ring: EPERM');
  assert.equal(why({ release: 'custom' }), 'create map osquery_ring: EPERM');
});

test('who may hear audit is told of it', () => {
  assert.match(refusal(machine, ''), /--disable_audit=false/);
  assert.doesNotMatch(refusal({ ...machine, isRoot: false }, ''), /audit/);
});
