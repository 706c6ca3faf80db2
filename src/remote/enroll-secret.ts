import { HostError } from '../base/errors.ts';
import type { Files } from '../host/host.ts';
import { RemoteFailure } from './failure.ts';

/** Where the secret of enrolment is. */
export interface SecretPlaces {
  /** `--enroll_secret_path`; it beats the other. */
  readonly path: string;
  /** `--enroll_secret_env`: the name of a variable. */
  readonly env: string;
}

/** A secret is a line; a file larger than this is another one. */
const MOST_BYTES = 64 * 1024;

/**
 * The secret of enrolment without white space around it; empty where no flag names one. Read at each try: a file may come
 * later than the agent. Throws `RemoteFailure` where there is none: a server would count an empty one as an attack.
 */
export function readSecret({ path, env }: SecretPlaces, files: Files, environment: NodeJS.ProcessEnv): string {
  const missing = (what: string, flag: string) =>
    new RemoteFailure('local', `no secret of enrolment: ${what}; see --${flag}`);
  if (path !== '') {
    let text: string;
    try {
      text = files.readText(path, { limit: MOST_BYTES }).trim();
    } catch (cause) {
      if (!(cause instanceof HostError)) throw cause;
      throw missing(`${path} cannot be read: ${cause.code}`, 'enroll_secret_path');
    }
    if (text === '') throw missing(`${path} is empty`, 'enroll_secret_path');
    return text;
  }
  if (env === '') return '';
  const value = environment[env]?.trim() ?? '';
  if (value === '') throw missing(`the environment variable ${env} is not set`, 'enroll_secret_env');
  return value;
}
