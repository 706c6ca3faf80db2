import { ifReadable } from '../../base/errors.ts';
import type { DirectoryEntry, Files } from '../../host/host.ts';
import type { Interest, PathRules } from './path-rules.ts';

/** A directory that rules are about. */
export interface WalkedDirectory {
  readonly path: string;
  readonly interest: Interest;
  /** What is in it; asked for, and read, once it has been dealt with otherwise. */
  entries(): readonly DirectoryEntry[];
}

/**
 * The directories below and with `top` that rules are about, each before what is in it: who watches it before it goes on
 * misses nothing. Links are followed only on the way to where a pattern covers all below; with `stems` it ends there.
 */
export function* walkRules(
  files: Files,
  rules: PathRules,
  top: string,
  { stems = false } = {},
): Generator<WalkedDirectory> {
  const pending = [top];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const interest = rules.interest(path);
    if (interest === undefined) continue;
    let read: readonly DirectoryEntry[] | undefined;
    const here: string = path;
    const entries = () => (read ??= ifReadable(() => files.list(here)) ?? []);
    yield { path, interest, entries };
    if (!interest.leads || (stems && interest.recursive)) continue;
    for (const { name, kind } of entries()) {
      if (kind !== 'directory' && (kind !== 'symlink' || interest.recursive)) continue;
      const below = path === '/' ? `/${name}` : `${path}/${name}`;
      if (rules.interest(below) === undefined) continue;
      if (kind === 'directory' || ifReadable(() => files.stat(below).kind) === 'directory') pending.push(below);
    }
  }
}
