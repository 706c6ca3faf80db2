import { UserError } from '../../base/errors.ts';
import { applyOptions } from '../../config/config-options.ts';
import {
  type ConfigSource,
  type ConfigText,
  type Configuration,
  readConfiguration,
} from '../../config/configuration.ts';
import type { OptionValues } from '../../config/option-values.ts';
import type { Say } from '../../loggers/status-log.ts';
import { type Store, tryToKeep } from '../../store/store.ts';
import { thisMachine } from '../configuration.ts';

const BACKUP = 'config.backup';
const EMPTY = { source: 'none', text: '{}' };

/**
 * The configuration of a daemon: read at its start, and again when somebody asks. Where it cannot be had, the one before
 * stays in force, and at a start the backup takes its place if there is one.
 */
export class LiveConfiguration {
  readonly #source: ConfigSource;
  readonly #options: OptionValues;
  readonly #store: Store;
  readonly #say: Say;
  /** What the command line says, before a configuration says something else. */
  readonly #commandLine: ReadonlyMap<string, string>;
  #current: Configuration | undefined;
  #valid = false;

  constructor(source: ConfigSource, options: OptionValues, store: Store, say: Say) {
    this.#source = source;
    this.#options = options;
    this.#store = store;
    this.#say = say;
    this.#commandLine = options.save();
  }

  /** The last one that was read. */
  get current(): Configuration {
    this.#current ??= this.#read(fixed([EMPTY], this.#source));
    return this.#current;
  }

  /** Whether the last reading went well. */
  get valid(): boolean {
    return this.#valid;
  }

  /** Seconds to the next reading; undefined where there is none. */
  get refresh(): number | undefined {
    const seconds = this.#options.number('config_refresh');
    if (seconds === 0) return undefined;
    return this.#valid ? seconds : Math.min(seconds, this.#options.number('config_accelerated_refresh'));
  }

  /** Reads it, its options in force; whether that changed anything. */
  load(): boolean {
    const first = this.#current === undefined;
    const saved = this.#options.save();
    const found = this.#attempt();
    this.#valid = found.error === undefined;
    if (found.error !== undefined) this.#say('ERROR', `Error reading config: ${found.error}`);
    if (found.error !== undefined && !first) {
      this.#options.restore(saved);
      return false;
    }
    // What is left of a first one that is broken is better than nothing.
    const read =
      (this.#valid ? found.read : (this.#restored() ?? found.read)) ?? this.#read(fixed([EMPTY], this.#source));
    const changed = first || read.fingerprint !== this.#current?.fingerprint;
    this.#current = read;
    if (changed && this.#valid && this.#options.bool('config_enable_backup')) {
      if (!tryToKeep(this.#store, () => this.#store.settings.set(BACKUP, JSON.stringify(read.texts)))) {
        this.#say('WARNING', 'The backup of the configuration finds no room');
      }
    }
    return changed;
  }

  #attempt(): { readonly read?: Configuration; readonly error?: string } {
    try {
      const read = this.#read(this.#source);
      return read.broken.length === 0 ? { read } : { read, error: read.broken.join('; ') };
    } catch (cause) {
      if (!(cause instanceof UserError)) throw cause;
      return { error: cause.message };
    }
  }

  #restored(): Configuration | undefined {
    const kept = this.#options.bool('config_enable_backup') ? this.#store.settings.get(BACKUP) : undefined;
    if (kept === undefined) return undefined;
    let texts: ConfigText[];
    try {
      texts = JSON.parse(kept) as ConfigText[];
    } catch {
      this.#say('WARNING', 'The backup of the configuration is damaged, and is not used');
      return undefined;
    }
    this.#say('INFO', 'Starts with the backup of the configuration');
    return this.#read(fixed(texts, this.#source));
  }

  #read(source: ConfigSource): Configuration {
    const problems: string[] = [];
    this.#options.restore(this.#commandLine);
    const configuration = readWithOptions(source, this.#options, problems);
    // What has not changed has been complained of already.
    if (configuration.fingerprint !== this.#current?.fingerprint) {
      for (const text of problems) if (!configuration.broken.includes(text)) this.#say('WARNING', text);
    }
    return configuration;
  }
}

/** Reads a configuration and puts its options in force, for its own queries, too. */
export function readWithOptions(source: ConfigSource, options: OptionValues, problems: string[]): Configuration {
  const before = options.number('schedule_default_interval');
  const configuration = readConfiguration(source, thisMachine(options), (text) => problems.push(text));
  for (const { source: from, value } of configuration.options) {
    applyOptions(value, options, (place, reason) => problems.push(`${from}: ${place}: ${reason}`));
  }
  if (options.number('schedule_default_interval') === before) return configuration;
  return readConfiguration(source, thisMachine(options), () => {});
}

/** These pieces, and the packs of another source. */
function fixed(texts: ConfigText[], source: ConfigSource): ConfigSource {
  return {
    texts: () => texts,
    pack: (path) => source.pack(path),
    packs: (pattern) => source.packs(pattern),
  };
}
