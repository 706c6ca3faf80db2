import { UserError } from '../base/errors.ts';
import { OSQUERY_VERSION } from '../base/version.ts';
import { type Configuration, type Problem, readConfiguration } from '../config/configuration.ts';
import type { OptionValues } from '../config/option-values.ts';
import { machineShard } from '../config/packs.ts';
import { FilesystemSource } from '../config/sources/filesystem.ts';
import { LinuxHost } from '../host/linux/linux-host.ts';

/** The configuration that the options name; it is always that of this machine, also with `--root`. Throws `UserError`. */
export function loadConfiguration(options: OptionValues, problem: Problem): Configuration {
  const plugin = options.string('config_plugin');
  if (plugin !== 'filesystem') throw new UserError(`no configuration comes from ${plugin} here`);
  const host = new LinuxHost();
  const machine = {
    shard: machineShard(host.kernel?.identity().node ?? ''),
    version: OSQUERY_VERSION,
    defaultInterval: options.number('schedule_default_interval'),
  };
  return readConfiguration(new FilesystemSource(host.files, options.string('config_path')), machine, problem);
}
