import type { AnyTable } from './table.ts';

/** What the `osquery_*` tables read about the program they run in. Times in seconds since the epoch. */
export interface Agent {
  readonly info: AgentInfo;
  /** The value of an option, as text. */
  option(name: string): string;
  flags(): Iterable<FlagState>;
  tables(): Iterable<AnyTable>;
  /** Everything that has a name and a registry: tables, config sources, loggers, publishers, … */
  registry(): Iterable<RegistryItem>;
  extensions(): Iterable<ExtensionState>;
  schedule(): Iterable<ScheduledQueryState>;
  packs(): Iterable<PackState>;
  events(): Iterable<EventSourceState>;
}

export interface AgentInfo {
  readonly pid: number;
  /** The host's hardware id, as `system_info.uuid`. */
  readonly uuid: string;
  /** Made anew with each database. */
  readonly instanceId: string;
  readonly version: string;
  readonly configHash: string;
  readonly configValid: boolean;
  readonly extensions: 'active' | 'inactive';
  readonly buildPlatform: string;
  readonly buildDistro: string;
  readonly startTime: number;
  /** Pid of the watcher; -1 without one. */
  readonly watcher: number;
  /** osquery's bit mask of platforms: posix 1, linux 8. */
  readonly platformMask: number;
}

export interface FlagState {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly defaultValue: string;
  readonly value: string;
  readonly shellOnly: boolean;
}

export interface RegistryItem {
  readonly registry: string;
  readonly name: string;
  readonly ownerUuid: number;
  readonly internal: boolean;
  readonly active: boolean;
}

export interface ExtensionState {
  readonly uuid: number;
  readonly name: string;
  readonly version: string;
  readonly sdkVersion: string;
  readonly path: string;
  readonly type: string;
}

export interface ScheduledQueryState {
  readonly name: string;
  readonly query: string;
  readonly interval: number;
  readonly executions: number;
  readonly lastExecuted: number;
  readonly denylisted: boolean;
  readonly outputSize: number;
  readonly wallTimeMs: number;
  readonly lastWallTimeMs: number;
  readonly userTimeMs: number;
  readonly lastUserTimeMs: number;
  readonly systemTimeMs: number;
  readonly lastSystemTimeMs: number;
  readonly averageMemory: number;
  readonly lastMemory: number;
}

export interface PackState {
  readonly name: string;
  readonly platform: string;
  readonly version: string;
  readonly shard: number;
  readonly discoveryCacheHits: number;
  readonly discoveryExecutions: number;
  readonly active: boolean;
}

export interface EventSourceState {
  readonly name: string;
  readonly publisher: string;
  readonly type: 'publisher' | 'subscriber';
  readonly subscriptions: number;
  readonly events: number;
  readonly refreshes: number;
  readonly active: boolean;
  /** Of a publisher: what came of its source. */
  readonly received?: number;
  /** Of a subscriber: events that are gone by their age. */
  readonly expired?: number;
  /** Of a subscriber: events that made room before a scheduled query had seen them. */
  readonly unseen?: number;
  /** Causes to what was lost for them. */
  readonly drops: Readonly<Record<string, number>>;
}
