import { UserError } from '../../base/errors.ts';
import type { OptionValues } from '../../config/option-values.ts';
import type { DescriptorOutput } from '../../host/linux/standard-streams.ts';
import { openStore } from '../../store/sqlite-store.ts';
import { configSource } from '../configuration.ts';
import { storeFilesOf } from '../store-files.ts';
import { readWithOptions } from './live-configuration.ts';

/** `--config_check`, `--config_dump` and `--database_dump`: what there is, without a daemon; the exit code. */
export function inspect(options: OptionValues, stdout: DescriptorOutput, stderr: DescriptorOutput): number {
  if (options.bool('database_dump')) return dumpDatabase(options, stdout);
  const problems: string[] = [];
  const { texts } = readWithOptions(configSource(options), options, problems);
  if (options.bool('config_dump')) {
    for (const { source, text } of texts) stdout.write(`{${JSON.stringify(source)}: ${text.trimEnd()}}\n`);
    return 0;
  }
  for (const problem of problems) stderr.write(`${problem}\n`);
  return problems.length === 0 ? 0 : 1;
}

function dumpDatabase(options: OptionValues, stdout: DescriptorOutput): number {
  const directory = options.string('database_path');
  const files = storeFilesOf(options);
  if (!files.exists(directory)) throw new UserError(`${directory}: there is no database`);
  using store = openStore(directory, files, (message) => stdout.write(`${message}\n`));
  for (const { domain, key, value } of store.entries()) stdout.write(`${domain}[${key}]: ${value}\n`);
  return 0;
}
