import { createRequire } from 'node:module';
import { ifReadable, UserError } from '../base/errors.ts';
import { OSQUERY_VERSION } from '../base/version.ts';
import type { Configuration } from '../config/configuration.ts';
import type { OptionValues } from '../config/option-values.ts';
import type { Pack } from '../config/packs.ts';
import type { DaemonState } from '../daemon/state-channel.ts';
import type { Host } from '../host/host.ts';
import { parseHardwareUuid } from '../parse/hardware-uuid.ts';
import type {
  Agent,
  AgentInfo,
  EventSourceState,
  FlagState,
  PackState,
  RegistryItem,
  ScheduledQueryState,
} from '../schema/agent.ts';
import type { AnyTable } from '../schema/table.ts';
import { tables } from '../tables/index.ts';

const require = createRequire(import.meta.url);

/** What shell and daemon say alike. Neither has extensions. */
abstract class LocalAgent implements Agent {
  protected readonly options: OptionValues;

  constructor(options: OptionValues) {
    this.options = options;
  }

  abstract get info(): AgentInfo;
  abstract schedule(): Iterable<ScheduledQueryState>;
  abstract packs(): Iterable<PackState>;

  option(name: string): string {
    return this.options.string(name);
  }

  *flags(): Generator<FlagState> {
    for (const [name, type, defaultValue, kind, description] of this.options.declarations) {
      yield { name, type, description, defaultValue, value: this.options.shown(name), shellOnly: kind === 'shell' };
    }
  }

  *tables(): Generator<AnyTable> {
    for (const entry of tables) yield entry.load();
  }

  *registry(): Generator<RegistryItem> {
    for (const { name } of tables) yield { registry: 'table', name, ownerUuid: 0, internal: false, active: true };
  }

  extensions(): never[] {
    return [];
  }

  events(): readonly EventSourceState[] {
    return [];
  }
}

/** The shell hears no events, runs no schedule and shows that of its configuration, which is read when somebody asks. */
export class ShellAgent extends LocalAgent {
  readonly #host: Host;
  readonly #startTime = Math.floor(Date.now() / 1000);
  readonly #warn: (problem: string) => void;
  #info: AgentInfo | undefined;
  #configuration: Pick<Configuration, 'packs'> | undefined;

  constructor(options: OptionValues, host: Host, warn: (problem: string) => void) {
    super(options);
    this.#host = host;
    this.#warn = warn;
  }

  get info(): AgentInfo {
    this.#info ??= {
      ...programInfo(),
      uuid: hardwareUuid(this.#host) ?? crypto.randomUUID(),
      instanceId: crypto.randomUUID(),
      configHash: '',
      configValid: false,
      startTime: this.#startTime,
      watcher: -1,
    };
    return this.#info;
  }

  *schedule(): Generator<ScheduledQueryState> {
    const { fullName } = require('../config/packs.ts') as typeof import('../config/packs.ts');
    const { NO_COSTS } = require('../daemon/query-costs.ts') as typeof import('../daemon/query-costs.ts');
    for (const pack of this.#packs()) {
      for (const query of pack.queries) {
        const name = fullName(pack, query, this.option('pack_delimiter'));
        yield { ...NO_COSTS, name, query: query.query, interval: query.interval, denylisted: false };
      }
    }
  }

  *packs(): Generator<PackState> {
    for (const { name, platform, version, shard } of this.#packs()) {
      yield { name, platform, version, shard, discoveryCacheHits: 0, discoveryExecutions: 0, active: false };
    }
  }

  /** None where there is no configuration. */
  #packs(): readonly Pack[] {
    if (this.#configuration === undefined) {
      try {
        const { loadConfiguration } = require('./configuration.ts') as typeof import('./configuration.ts');
        this.#configuration = loadConfiguration(this.options, this.#warn);
      } catch (cause) {
        if (!(cause instanceof UserError)) throw cause;
        this.#configuration = { packs: [] };
        // A machine without osquery's own file has no configuration; one that was named and is not there is a mistake.
        if (this.options.isSet('config_path') || this.options.isSet('config_plugin')) this.#warn(cause.message);
      }
    }
    return this.#configuration.packs;
  }
}

/** The daemon, seen from the thread that runs its SQL. */
export class DaemonAgent extends LocalAgent {
  readonly #state: () => DaemonState;

  /** `state` asks the main thread. */
  constructor(options: OptionValues, state: () => DaemonState) {
    super(options);
    this.#state = state;
  }

  get info(): AgentInfo {
    return this.#state().info;
  }

  schedule(): readonly ScheduledQueryState[] {
    return this.#state().schedule;
  }

  packs(): readonly PackState[] {
    return this.#state().packs;
  }

  override events(): readonly EventSourceState[] {
    return this.#state().events;
  }
}

/** What does not depend on how the program runs. */
export function programInfo() {
  return {
    pid: process.pid,
    version: OSQUERY_VERSION,
    extensions: 'inactive',
    buildPlatform: 'linux',
    buildDistro: `node-${process.versions.node}`,
    // Posix 1, linux 8.
    platformMask: 9,
  } as const satisfies Partial<AgentInfo>;
}

/** As the firmware has it; undefined where there is none, or one that many machines share. */
export function hardwareUuid({ files }: Host): string | undefined {
  return parseHardwareUuid(ifReadable(() => files.readText('/sys/class/dmi/id/product_uuid')) ?? '');
}
