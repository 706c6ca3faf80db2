import { UserError } from '../base/errors.ts';
import { OSQUERY_VERSION } from '../base/version.ts';
import { type ConfigSource, type Configuration, type Problem, readConfiguration } from '../config/configuration.ts';
import type { OptionValues } from '../config/option-values.ts';
import { machineShard } from '../config/packs.ts';
import type { Machine } from '../config/schedule.ts';
import { FilesystemSource } from '../config/sources/filesystem.ts';
import { LinuxHost } from '../host/linux/linux-host.ts';
import { distrusted, isRoot } from '../host/linux/trusted-path.ts';

/** The configuration that the options name; it is always that of this machine, also with `--root`. Throws `UserError`. */
export function loadConfiguration(options: OptionValues, problem: Problem): Configuration {
  return readConfiguration(configSource(options), thisMachine(options), problem);
}

/** Where `--config_plugin` says that a configuration comes from. Throws `UserError`. */
export function configSource(options: OptionValues): ConfigSource {
  const plugin = options.string('config_plugin');
  if (plugin !== 'filesystem') throw new UserError(`no configuration comes from ${plugin} here`);
  return new FilesystemSource(new LinuxHost().files, options.string('config_path'), distrustedBy(options));
}

/** Who configures a daemon of root has root's power. */
function distrustedBy(options: OptionValues): (path: string) => string | undefined {
  return isRoot() && !options.bool('allow_unsafe') ? distrusted : () => undefined;
}

/** What the restrictions of packs and queries are compared with. */
export function thisMachine(options: OptionValues): Machine {
  return {
    shard: machineShard(new LinuxHost().kernel?.identity().node ?? ''),
    version: OSQUERY_VERSION,
    defaultInterval: options.number('schedule_default_interval'),
  };
}
