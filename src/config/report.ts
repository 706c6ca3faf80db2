import { printable } from '../base/text.ts';

/** Hears of something in a configuration that is wrong and is left out, and where: `packs.web.queries.ports`. */
export type Report = (place: string, reason: string) => void;

/** What is wrong with a configuration and is left out: source, place and reason in a line. */
export type Problem = (message: string) => void;

/** Reports of what is inside a place; an empty place is the place itself. */
export function within(report: Report, place: string): Report {
  return (inner, reason) => report(inner === '' ? place : `${place}.${inner}`, reason);
}

/** A configuration with more problems than that is none, and nobody reads on. */
const MAX_PROBLEMS = 200;
/** Names in a configuration may be of any length. */
const MAX_LENGTH = 500;

/** The problems of one reading of a configuration: as lines for terminals and logs, and not without end. */
export class Problems {
  readonly #problem: Problem;
  #count = 0;

  constructor(problem: Problem) {
    this.#problem = problem;
  }

  add(message: string): void {
    this.#count += 1;
    if (this.#count > MAX_PROBLEMS) return;
    const clean = printable(message.slice(0, MAX_LENGTH)).replace(/\p{C}/gu, '\ufffd');
    this.#problem(message.length > MAX_LENGTH ? `${clean}…` : clean);
  }

  /** Reports of one source. */
  of(source: string): Report {
    return (place, reason) => this.add(`${source}: ${place}: ${reason}`);
  }

  /** Says how many were not said. */
  finish(): void {
    const more = this.#count - MAX_PROBLEMS;
    if (more > 0) this.#problem(`and ${more} more problems`);
  }
}
