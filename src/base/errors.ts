/** An error whose message is meant for the person who typed the query, the flag or the file: shown without a stack. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
}

/**
 * An error about something outside the program, which says all there is to know. It has no stack: that would take ten times as
 * long, and whoever can make us throw such errors can make us throw many (6 µs each, 0.6 without; Node 24).
 */
abstract class OutsideError extends Error {
  constructor(message: string) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The machine refused: a file is missing, unreadable, gone. `code` is the errno name (`ENOENT`, `EACCES`, …). */
export class HostError extends OutsideError {
  override readonly name = 'HostError';
  readonly code: string;
  readonly path: string;

  constructor(code: string, path: string, operation: string) {
    super(`${operation} ${path}: ${code}`);
    this.code = code;
    this.path = path;
  }
}

/** Input from outside does not have the shape it claims. `offset` is in bytes (or lines, where `unit` says so). */
export class MalformedInput extends OutsideError {
  override readonly name = 'MalformedInput';
  readonly source: string;
  readonly offset: number;

  constructor(source: string, offset: number, reason: string, unit: 'byte' | 'line' = 'byte') {
    super(`${source}: ${unit} ${offset}: ${reason}`);
    this.source = source;
    this.offset = offset;
  }
}

/** Codes that say "it is not there", also when it vanished between two calls (a process that ended is ESRCH). */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ESRCH']);

export function isAbsent(cause: unknown): boolean {
  return cause instanceof HostError && ABSENT.has(cause.code);
}

/** The value of `read`, or undefined where the thing read does not exist; any other failure is thrown on. */
export function ifPresent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw cause;
  }
}

/** The value of `read`, or undefined where the machine refuses, whatever its reason: for what is worth no warning. */
export function ifReadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof HostError) return undefined;
    throw cause;
  }
}
