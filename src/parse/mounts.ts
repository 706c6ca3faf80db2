import { decodeText } from '../base/text.ts';

/** A line of `/proc/mounts`, in the format of `fstab(5)`. */
export interface Mount {
  readonly device: string;
  readonly path: string;
  readonly type: string;
  /** Separated by commas. */
  readonly options: string;
}

/** Lines of fewer than four fields are skipped. */
export function* parseMounts(content: string): Generator<Mount> {
  for (const line of content.split('\n')) {
    if (line.startsWith('#')) continue;
    const [device, path, type, options] = line.split(' ');
    if (device === undefined || path === undefined || type === undefined || options === undefined) continue;
    yield { device: unmangle(device), path: unmangle(path), type: unmangle(type), options: unmangle(options) };
  }
}

/** The kernel writes space, tab, newline, backslash and `#` as three octal digits (`mangle_path` in `fs/seq_file.c`). */
function unmangle(field: string): string {
  return field.includes('\\')
    ? field.replace(/\\([0-7]{3})/g, (_, octal: string) => decodeText(Buffer.of(Number.parseInt(octal, 8) & 0xff)))
    : field;
}
