import type { Session } from '../session.ts';

/** 0, an exit code of failure, or the wish to leave. */
export type CommandResult = number | 'exit';

export interface Command {
  readonly name: string;
  /** Other names; not in the help. */
  readonly aliases?: readonly string[];
  /** The arguments in words, for the help. */
  readonly usage: string;
  readonly help: string;
  /** What the argument may be, for completion. */
  readonly choices?: readonly string[];
  /** Arguments taken: least and most. */
  readonly arity: readonly [least: number, most: number];
  /** The rest of the line is one argument, as it stands. */
  readonly raw?: true;
  run(session: Session, args: readonly string[]): CommandResult | Promise<CommandResult>;
}
