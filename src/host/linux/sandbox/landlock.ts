import { callNumber } from '../../../base/audit-syscalls.ts';
import { addressOf } from '../native.ts';
import { rawCall } from './raw-call.ts';

/** `include/uapi/linux/landlock.h` */
const GIVE_VERSION = 1;
const READ_FILE = 1n << 2n;
const READ_DIRECTORY = 1n << 3n;
/** How many rights to files there are, by the version of the interface; the first has 13. */
const FILE_RIGHTS = [13n, 13n, 14n, 15n, 15n, 16n];
/** To bind and to connect, since version 4. */
const NETWORK = { since: 4, rights: 3n };
/** Of sockets without a name in the file system, and signals, since version 6. */
const SCOPES = { since: 6, kinds: 3n };
const ATTRIBUTES = 24;

/**
 * From here on the thread may read files and list directories, and nothing else of what Landlock knows: no write, no
 * execution, no connection. It may not look into other processes either, whatever its capabilities:
 * `/proc/PID/{exe,cwd,root,fd,environ,io,ns}` are closed to it.
 */
export function readFilesOnly(): void {
  const create = callNumber('landlock_create_ruleset', process.arch);
  const version = rawCall(create, 0, 0, GIVE_VERSION);
  const rights = (1n << FILE_RIGHTS[Math.min(version, FILE_RIGHTS.length) - 1]!) - 1n;
  const attributes = Buffer.alloc(ATTRIBUTES);
  attributes.writeBigUInt64LE(rights & ~(READ_FILE | READ_DIRECTORY), 0);
  if (version >= NETWORK.since) attributes.writeBigUInt64LE(NETWORK.rights, 8);
  if (version >= SCOPES.since) attributes.writeBigUInt64LE(SCOPES.kinds, 16);
  const size = version >= SCOPES.since ? 24 : version >= NETWORK.since ? 16 : 8;
  const rules = rawCall(create, addressOf(attributes), size, 0);
  try {
    rawCall(callNumber('landlock_restrict_self', process.arch), rules, 0);
  } finally {
    rawCall(callNumber('close', process.arch), rules);
  }
}
