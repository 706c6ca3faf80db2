import { ifReadable } from '../base/errors.ts';
import { OSQUERY_VERSION } from '../base/version.ts';
import type { OptionValues } from '../config/option-values.ts';
import type { Host } from '../host/host.ts';
import { parseHardwareUuid } from '../parse/hardware-uuid.ts';
import type { Agent, AgentInfo, FlagState, RegistryItem } from '../schema/agent.ts';
import type { AnyTable } from '../schema/table.ts';
import { tables } from '../tables/index.ts';

/** What the `osquery_*` tables say about the shell: it has no schedule, no packs, no extensions and hears no events. */
export class ShellAgent implements Agent {
  readonly #options: OptionValues;
  readonly #host: Host;
  readonly #startTime = Math.floor(Date.now() / 1000);
  #info: AgentInfo | undefined;

  constructor(options: OptionValues, host: Host) {
    this.#options = options;
    this.#host = host;
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

  schedule(): never[] {
    return [];
  }

  packs(): never[] {
    return [];
  }

  events(): never[] {
    return [];
  }
}
