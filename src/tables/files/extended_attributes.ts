import { formatFileCapabilities } from '../../parse/file-capabilities.ts';
import { integer, text } from '../../schema/columns.ts';
import { foundFiles, locationOf, parentOf } from '../../schema/found-files.ts';
import { table } from '../../schema/table.ts';

const CAPABILITIES = 'security.capability';

/** Source: `listxattr(2)` and `getxattr(2)`, links followed. */
export const extendedAttributes = table({
  name: 'extended_attributes',
  description: 'Extended attributes of files: capabilities, access control lists, labels, what users attached.',
  platforms: ['linux', 'darwin'],
  columns: {
    path: text('Path; = or LIKE: % stays within a name, %% goes down all levels', { required: true, optimized: true }),
    directory: text('Directory of the file; = or LIKE', { required: true, optimized: true }),
    key: text('Name of the attribute, with its class: user, security, system or trusted'),
    value: text('Value: text, or base64; capabilities as getcap(8) writes them'),
    base64: integer('1 if the value is base64'),
  },
  examples: [
    "select path, value from extended_attributes where directory = '/usr/bin' and key = 'security.capability'",
  ],
  *generate({ host, values, patterns, warn, attempt, row }) {
    const { files } = host;
    const constraints = {
      paths: values('path'),
      pathPatterns: patterns('path'),
      directories: values('directory'),
      directoryPatterns: patterns('directory'),
    };
    for (const { path, directory } of foundFiles(files, constraints, warn)) {
      const attributes = attempt(() => files.attributes(locationOf(files, path)));
      const leftOut = attributes?.leftOut ?? 0;
      if (leftOut > 0) warn('truncated: of a file a mebibyte of attributes is read', `${path} has ${leftOut} more`);
      for (const [key, bytes] of attributes ?? []) {
        const capabilities = key === CAPABILITIES ? attempt(() => formatFileCapabilities(bytes, path)) : undefined;
        const value = capabilities ?? printableText(bytes);
        yield row({
          path,
          directory: directory ?? parentOf(path),
          key,
          value: value ?? bytes.toString('base64'),
          base64: value === undefined,
        });
      }
    }
  },
});

/** Text as labels are: printable ASCII with a NUL at the end. What users attach mostly has none and is base64. */
function printableText(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1', 0, bytes.length - 1);
  return bytes.at(-1) === 0 && /^[\x20-\x7e]*$/.test(text) ? text : undefined;
}
