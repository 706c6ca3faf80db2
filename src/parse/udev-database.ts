/** Properties of a device as udev keeps them in `/run/udev/data`: lines `E:NAME=value`. */
export function parseUdevProperties(content: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const line of content.split('\n')) {
    const equals = line.indexOf('=');
    if (line.startsWith('E:') && equals > 2) properties.set(line.slice(2, equals), line.slice(equals + 1));
  }
  return properties;
}

/** A value of a property whose name ends in `_ENC`: unsafe bytes are `\xHH`. */
export function decodeUdevValue(value: string): string {
  const bytes: Buffer[] = [];
  for (const [part] of value.matchAll(/\\x[0-9a-fA-F]{2}|\\|[^\\]+/g)) {
    bytes.push(part.length === 4 && part.startsWith('\\x') ? Buffer.from(part.slice(2), 'hex') : Buffer.from(part));
  }
  return Buffer.concat(bytes).toString('utf8');
}
