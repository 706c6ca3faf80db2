import assert from 'node:assert/strict';
import { type ConfigSource, type Configuration, readConfiguration } from '../../src/config/configuration.ts';

export const MACHINE = { shard: 40, version: '5.23.0', defaultInterval: 3600 };

/** The configuration of these pieces, `0.conf`, `1.conf`, …, and of packs in files, by path. */
export function readPieces(
  pieces: readonly object[],
  files: Readonly<Record<string, string>> = {},
): { configuration: Configuration; problems: string[] } {
  const problems: string[] = [];
  const text = (path: string) => files[path] ?? assert.fail(`reads ${path}`);
  const source: ConfigSource = {
    texts: () => pieces.map((piece, i) => ({ source: `${i}.conf`, text: JSON.stringify(piece) })),
    pack: (path) => ({ source: path, text: text(path) }),
    packs: () =>
      Object.keys(files).map((path) => ({ source: path, text: text(path), name: path.replace('.conf', '') })),
  };
  return { configuration: readConfiguration(source, MACHINE, (line) => problems.push(line)), problems };
}

/** The queries that run, as `pack/query`. */
export function queryNames({ packs }: Configuration): string[] {
  return packs.flatMap((pack) => pack.queries.map((query) => `${pack.name}/${query.name}`));
}
