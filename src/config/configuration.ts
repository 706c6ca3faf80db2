import { createDigest } from '../base/digest.ts';
import { UserError } from '../base/errors.ts';
import { encodeText } from '../base/text.ts';
import { isObject, type JsonObject, type JsonValue, parseConfigText } from './config-text.ts';
import { reportUnknown } from './known-keys.ts';
import { oneOfEach } from './one-of-each.ts';
import { type Pack, parsePack, parseSchedule } from './packs.ts';
import { type Problem, Problems, within } from './report.ts';
import type { Machine } from './restrictions.ts';
import { sectionOf } from './section.ts';
import { type Sections, SectionsParser } from './sections.ts';

export type { Problem } from './report.ts';

/** A piece of configuration and where it came from. */
export interface ConfigText {
  readonly source: string;
  readonly text: string;
  /** Why somebody else may have written it; undefined where nobody could. */
  readonly distrusted?: string | undefined;
  /** Why it was not read; undefined where it was. */
  readonly unread?: string | undefined;
}

/** Where a configuration comes from. Every method throws `UserError`. */
export interface ConfigSource {
  /** The pieces, in the order in which they are merged. */
  texts(): ConfigText[];
  /** A pack that the configuration names by a path. */
  pack(path: string): ConfigText;
  /** The packs of a pattern, named after their files; no more of them than a thousand and one. */
  packs(pattern: string): (ConfigText & { readonly name: string })[];
}

export interface Configuration extends Sections {
  /** The schedule of each piece as a pack `main`, then the packs of that piece. */
  readonly packs: readonly Pack[];
  /** The pieces as they were read. */
  readonly texts: readonly ConfigText[];
  /** SHA-1 of the SHA-1 of each piece, in the order of their sources: the same for the same texts, as in osquery. */
  readonly hash: string;
  /** Like `hash`, but of the files of packs, too: another one means that something has changed. */
  readonly fingerprint: string;
  /** What is no JSON, and perhaps only half written so far: each text with the reason. */
  readonly broken: readonly string[];
}

/** Something of a configuration, and where it came from. */
export interface PieceOf<T> {
  readonly source: string;
  readonly value: T;
}

/** More files of packs than a machine has, and than anybody would want to wait for. */
export const MAX_PACK_FILES = 1000;
/** Packs of a piece, in files and elsewhere. */
const MAX_PACKS = 10_000;
/** Characters of all pieces and files of packs: four of the longest. */
const MAX_IN_ALL = 16 * 1024 * 1024;

/**
 * Reads and merges a configuration. A piece that is no JSON is left out whole, a query or a pack that is wrong alone; each
 * with a line to `problem`. Throws `UserError` where there is no configuration at all.
 */
export function readConfiguration(source: ConfigSource, machine: Machine, problem: Problem): Configuration {
  const problems = new Problems(problem);
  const packs: Pack[] = [];
  const packTexts: ConfigText[] = [];
  const broken: string[] = [];
  const sections = new SectionsParser();
  const texts = source.texts();
  let characters = 0;
  let packCount = 0;
  for (const piece of texts) {
    const { source: from } = piece;
    mustBeTrusted(piece);
    const config = parse(piece);
    if (config === undefined) continue;
    const report = problems.of(from);
    reportUnknown(config, 'top', report);
    sections.add(config, from, report);
    const schedule = parseSchedule(from, config, machine, report);
    if (schedule !== undefined) packs.push(schedule);
    for (const [name, pack] of Object.entries(sectionOf(config, 'packs', report) ?? {})) readPack(name, from, pack);
  }
  const once = oneOfEach(packs, problems);
  const configuration = {
    ...sections.finish(),
    packs: once,
    texts,
    hash: hashOf(texts),
    fingerprint: hashOf([...texts, ...packTexts]),
    broken,
  };
  problems.finish();
  return configuration;

  /** A configuration of others is used all the same: without one the agent would be blind. */
  function mustBeTrusted({ source: from, distrusted }: ConfigText): void {
    if (distrusted !== undefined)
      problems.add(`${from}: ${distrusted}: who may write there decides what the agent does`);
  }

  function parse({ source: from, text, unread }: ConfigText): JsonObject | undefined {
    characters += text.length;
    const add = (reason: string) => {
      broken.push(reason);
      problems.add(reason);
    };
    if (unread !== undefined) return void add(unread);
    if (characters > MAX_IN_ALL) return void add(`${from}: more than ${MAX_IN_ALL} characters with those before it`);
    return attempt(() => parseConfigText(text, from), { add });
  }

  /** A pack is an object or the path of a file with one; under the name `*`, an object of packs or a pattern of paths. */
  function readPack(name: string, from: string, pack: JsonValue): void {
    packCount += 1;
    if (packCount === MAX_PACKS + 1) problems.of(from)('packs', `more than ${MAX_PACKS} in all`);
    if (packCount > MAX_PACKS) return;
    if (typeof pack === 'string') readPackFiles(name, pack);
    else if (!isObject(pack)) problems.of(from)(`packs.${name}`, 'neither a pack nor a path');
    else if (name !== '*') addPack(name, from, pack);
    else {
      const inner = Object.keys(pack).slice(0, MAX_PACKS + 1);
      for (const own of inner) readPack(own, from, pack[own]!);
    }
  }

  function readPackFiles(name: string, path: string): void {
    if (packTexts.length > MAX_PACK_FILES) return;
    const found = attempt(() => (name === '*' ? source.packs(path) : [{ ...source.pack(path), name }]), problems);
    for (const piece of found ?? []) {
      const { name: own, source: from, text } = piece;
      packTexts.push({ source: from, text });
      if (packTexts.length > MAX_PACK_FILES) {
        problems.add(`${from}: more than ${MAX_PACK_FILES} files of packs`);
        return;
      }
      mustBeTrusted(piece);
      const object = parse(piece);
      if (object !== undefined) addPack(own, from, object);
    }
  }

  function addPack(name: string, from: string, object: JsonObject): void {
    const report = within(problems.of(from), `packs.${name}`);
    const { pack, here } = parsePack(name, from, object, machine, report);
    packs.push(pack);
    if (here) sections.add(object, from, report);
  }
}

function hashOf(texts: readonly ConfigText[]): string {
  const sha1 = (text: string) => {
    const digest = createDigest('sha1');
    digest.update(encodeText(text));
    return digest.digest('hex');
  };
  const ordered = [...texts].sort((a, b) => (a.source < b.source ? -1 : 1));
  return sha1(ordered.map(({ text }) => sha1(text)).join(''));
}

function attempt<T>(read: () => T, problems: Pick<Problems, 'add'>): T | undefined {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    problems.add(cause.message);
    return undefined;
  }
}
