/** gflags' types, whose names `osquery_flags` shows. */
export type OptionType = 'bool' | 'int32' | 'uint32' | 'uint64' | 'string';

/**
 * Where an option may be set. `shell`: on the command line of osqueryi. `cli`: on any command line or in a flagfile.
 * `option`: there and in the configuration's `options`. `hidden`: as `option`, and left out of `--help`.
 */
export type OptionKind = 'shell' | 'cli' | 'option' | 'hidden';

/** Name, type, default as text, where it may be set, what it does. */
export type OptionDeclaration = readonly [
  name: string,
  type: OptionType,
  defaultValue: string,
  kind: OptionKind,
  description: string,
];
