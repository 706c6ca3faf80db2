import { createRequire } from 'node:module';
import { ifReadable, UserError } from '../base/errors.ts';
import { OSQUERY_VERSION } from '../base/version.ts';
import type { Configuration } from '../config/configuration.ts';
import type { OptionValues } from '../config/option-values.ts';
import type { Pack } from '../config/packs.ts';
import type { Host } from '../host/host.ts';
import { parseHardwareUuid } from '../parse/hardware-uuid.ts';
import type { Agent, AgentInfo, FlagState, PackState, RegistryItem, ScheduledQueryState } from '../schema/agent.ts';
import type { AnyTable } from '../schema/table.ts';
import { tables } from '../tables/index.ts';

const require = createRequire(import.meta.url);

/** A query that never ran. */
const NEVER = {
  executions: 0,
  lastExecuted: 0,
  denylisted: false,
  outputSize: 0,
  wallTimeMs: 0,
  lastWallTimeMs: 0,
  userTimeMs: 0,
  lastUserTimeMs: 0,
  systemTimeMs: 0,
  lastSystemTimeMs: 0,
  averageMemory: 0,
  lastMemory: 0,
};

/**
 * What the `osquery_*` tables say about the shell: it runs no schedule and shows that of its configuration, which is read
 * when somebody asks; it has no extensions and hears no events.
 */
export class ShellAgent implements Agent {
  readonly #options: OptionValues;
  readonly #host: Host;
  readonly #startTime = Math.floor(Date.now() / 1000);
  readonly #warn: (problem: string) => void;
  #info: AgentInfo | undefined;
  #configuration: Configuration | undefined;

  constructor(options: OptionValues, host: Host, warn: (problem: string) => void) {
    this.#options = options;
    this.#host = host;
    this.#warn = warn;
  }

  get info(): AgentInfo {
    this.#info ??= {
      pid: process.pid,
      uuid: this.#uuid(),
      instanceId: crypto.randomUUID(),
      version: OSQUERY_VERSION,
      configHash: '',
      configValid: false,
      extensions: 'inactive',
      buildPlatform: 'linux',
      buildDistro: `node-${process.versions.node}`,
      startTime: this.#startTime,
      watcher: -1,
      platformMask: 9,
    };
    return this.#info;
  }

  #uuid(): string {
    const content = ifReadable(() => this.#host.files.readText('/sys/class/dmi/id/product_uuid'));
    return parseHardwareUuid(content ?? '') ?? crypto.randomUUID();
  }

  option(name: string): string {
    return this.#options.string(name);
  }

  *flags(): Generator<FlagState> {
    for (const [name, type, defaultValue, kind, description] of this.#options.declarations) {
      yield { name, type, description, defaultValue, value: this.#options.shown(name), shellOnly: kind === 'shell' };
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

  *schedule(): Generator<ScheduledQueryState> {
    const { fullName } = require('../config/packs.ts') as typeof import('../config/packs.ts');
    for (const pack of this.#packs()) {
      for (const query of pack.queries) {
        const name = fullName(pack, query, this.option('pack_delimiter'));
        yield { ...NEVER, name, query: query.query, interval: query.interval };
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
        this.#configuration = loadConfiguration(this.#options, this.#warn);
      } catch (cause) {
        if (!(cause instanceof UserError)) throw cause;
        this.#configuration = { packs: [], options: [], decorators: [] };
        // A machine without osquery's own file has no configuration; one that was named and is not there is a mistake.
        if (this.#options.isSet('config_path') || this.#options.isSet('config_plugin')) this.#warn(cause.message);
      }
    }
    return this.#configuration.packs;
  }

  events(): never[] {
    return [];
  }
}
