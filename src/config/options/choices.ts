/** Options that are one of some words. */
export const optionChoices: ReadonlyMap<string, readonly string[]> = new Map([
  ['host_identifier', ['hostname', 'uuid', 'instance', 'ephemeral', 'specified']],
  ['numeric_monitoring_plugins', ['filesystem']],
]);
