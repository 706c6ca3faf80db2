import { allOptions } from '../config/options.ts';
import type { Agent } from '../schema/agent.ts';

/** An agent at work with one of each; give what a test is about. */
export function fakeAgent(parts: Partial<Agent> = {}): Agent {
  return {
    info: {
      pid: 1000,
      uuid: '8f6d1c52-0b7e-4f7a-9a55-3f1f6c2a7e10',
      instanceId: '2c1b7f0e-5f0a-4c56-8a0e-7b0e4a9d6c11',
      version: '0.0.0',
      configHash: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00',
      configValid: true,
      extensions: 'inactive',
      buildPlatform: 'linux',
      buildDistro: 'test',
      startTime: 1717243200,
      watcher: -1,
      platformMask: 9,
    },
    option: (name) => allOptions.find(([known]) => known === name)?.[2] ?? '',
    flags: () => [
      {
        name: 'schedule_timeout',
        type: 'uint64',
        description: 'Seconds after which the scheduler ends; 0 never',
        defaultValue: '0',
        value: '60',
        shellOnly: false,
      },
    ],
    tables: () => [],
    registry: () => [{ registry: 'logger', name: 'filesystem', ownerUuid: 0, internal: false, active: true }],
    extensions: () => [
      {
        uuid: 4711,
        name: 'example',
        version: '1.2.3',
        sdkVersion: '0.0.0',
        path: '/run/osquery.em.4711',
        type: 'extension',
      },
    ],
    schedule: () => [
      {
        name: 'pack/web/ports',
        query: 'select * from listening_ports',
        interval: 60,
        executions: 5,
        lastExecuted: 1717243500,
        denylisted: false,
        outputSize: 12345,
        wallTimeMs: 1500,
        lastWallTimeMs: 250,
        userTimeMs: 700,
        lastUserTimeMs: 130,
        systemTimeMs: 300,
        lastSystemTimeMs: 60,
        averageMemory: 4096000,
        lastMemory: 5120000,
      },
    ],
    packs: () => [
      {
        name: 'web',
        platform: 'linux',
        version: '1.4.5',
        shard: 50,
        discoveryCacheHits: 7,
        discoveryExecutions: 2,
        active: true,
      },
    ],
    events: () => [
      {
        name: 'inotify',
        publisher: 'inotify',
        type: 'publisher',
        subscriptions: 3,
        events: 42,
        refreshes: 1,
        active: true,
        received: 50,
        drops: { overrun: 2, malformed: 0 },
      },
      {
        name: 'file_events',
        publisher: 'inotify',
        type: 'subscriber',
        subscriptions: 3,
        events: 40,
        refreshes: 0,
        active: true,
        expired: 5,
        unseen: 2,
        drops: { store: 0, events_max: 3, events_max_bytes: 1 },
      },
    ],
    ...parts,
  };
}
