import { allOptions } from '../config/options.ts';
import type { Agent } from '../schema/agent.ts';

/** An agent at rest; give what a test is about. */
export function fakeAgent(parts: Partial<Agent> = {}): Agent {
  return {
    info: {
      pid: 1000,
      uuid: '8f6d1c52-0b7e-4f7a-9a55-3f1f6c2a7e10',
      instanceId: '2c1b7f0e-5f0a-4c56-8a0e-7b0e4a9d6c11',
      version: '0.0.0',
      configHash: '',
      configValid: true,
      extensions: 'inactive',
      buildPlatform: 'linux',
      buildDistro: 'test',
      startTime: 1717243200,
      watcher: -1,
      platformMask: 9,
    },
    option: (name) => allOptions.find(([known]) => known === name)?.[2] ?? '',
    flags: () => [],
    tables: () => [],
    registry: () => [],
    extensions: () => [],
    schedule: () => [],
    packs: () => [],
    events: () => [],
    ...parts,
  };
}
