import type { OptionValues } from '../../config/option-values.ts';
import type { Host } from '../../host/host.ts';
import { type Store, tryToKeep } from '../../store/store.ts';
import { hardwareUuid } from '../agent.ts';

/** Who this machine and this agent are. */
export interface Identity {
  /** Of the hardware; where it has none, one that was drawn and is kept. */
  readonly uuid: string;
  /** Of the database. */
  readonly instance: string;
  /** `--host_identifier`. The name of a machine may change while we run, the others do not. */
  identifier(): string;
}

export function identityOf(options: OptionValues, host: Host, store: Store): Identity {
  const uuid = hardwareUuid(host) ?? kept(store, 'generated_uuid');
  const instance = kept(store, 'instance_uuid');
  const ephemeral = crypto.randomUUID();
  const kinds: Readonly<Record<string, () => string>> = {
    hostname: () => host.kernel?.identity().node ?? '',
    uuid: () => uuid,
    instance: () => instance,
    ephemeral: () => ephemeral,
    specified: () => options.string('specified_identifier'),
  };
  return { uuid, instance, identifier: () => kinds[options.string('host_identifier')]!() };
}

/** What the store has under a name; else one that is drawn, and kept if there is room. */
function kept(store: Store, name: string): string {
  const drawn = store.settings.get(name) ?? crypto.randomUUID();
  tryToKeep(store, () => store.settings.set(name, drawn));
  return drawn;
}
