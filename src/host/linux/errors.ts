import { getSystemErrorMap } from 'node:util';
import { HostError } from '../../base/errors.ts';
import { encodeText } from '../../base/text.ts';

/**
 * Errors of Linux that the run time has no name for, include/uapi/asm-generic/errno.h: the numbers are those of x86, ARM,
 * RISC-V and s390. File systems give them for what is broken, gone or locked.
 */
const MORE_ERRORS = `10 ECHILD 15 ENOTBLK 33 EDOM 35 EDEADLK 37 ENOLCK 42 ENOMSG 43 EIDRM 44 ECHRNG 45 EL2NSYNC 46 EL3HLT 47 EL3RST 48 ELNRNG 49 EUNATCH
  50 ENOCSI 51 EL2HLT 52 EBADE 53 EBADR 54 EXFULL 55 ENOANO 56 EBADRQC 57 EBADSLT 59 EBFONT 60 ENOSTR 61 ENODATA 62 ETIME
  63 ENOSR 64 ENONET 65 ENOPKG 66 EREMOTE 67 ENOLINK 68 EADV 69 ESRMNT 70 ECOMM 72 EMULTIHOP 73 EDOTDOT 74 EBADMSG
  76 ENOTUNIQ 77 EBADFD 78 EREMCHG 79 ELIBACC 80 ELIBBAD 81 ELIBSCN 82 ELIBMAX 83 ELIBEXEC 85 ERESTART 86 ESTRPIPE
  87 EUSERS 91 EPROTOTYPE 96 EPFNOSUPPORT 102 ENETRESET 109 ETOOMANYREFS 115 EINPROGRESS 116 ESTALE 117 EUCLEAN 118 ENOTNAM 119 ENAVAIL
  120 EISNAM 122 EDQUOT 123 ENOMEDIUM 124 EMEDIUMTYPE 126 ENOKEY 127 EKEYEXPIRED 128 EKEYREVOKED 129 EKEYREJECTED
  130 EOWNERDEAD 131 ENOTRECOVERABLE 132 ERFKILL 133 EHWPOISON`;

let names: Map<number, string> | undefined;

/** The name of an errno; `E133` where nobody has one. */
export function errnoName(errno: number): string {
  if (names === undefined) {
    names = new Map([...MORE_ERRORS.matchAll(/(\d+) (\w+)/g)].map(([, number, name]) => [Number(number), name!]));
    for (const [negative, [name]] of getSystemErrorMap()) if (negative > -4096) names.set(-negative, name);
  }
  return names.get(errno) ?? `E${errno}`;
}

/** What `node:fs` threw, as a `HostError`; anything that is not a refusal of the system stays what it is. */
export function hostError(cause: unknown, path: string, operation: string): unknown {
  if (!(cause instanceof Error) || cause instanceof HostError) return cause;
  const { code, errno } = cause as NodeJS.ErrnoException;
  // A path with a NUL in it is refused before the kernel sees it; no such file can be.
  if (code === 'ERR_INVALID_ARG_VALUE') return new HostError('ENOENT', path, operation);
  if (code !== undefined && /^E[A-Z0-9]+$/.test(code)) return new HostError(code, path, operation);
  // The run time says `Unknown system error -116` as the code.
  return errno === undefined || !(errno < 0) ? cause : new HostError(errnoName(-errno), path, operation);
}

/** A path as `node:fs` wants it: text, or bytes where the text has escaped ones. A relative path names nothing. */
export function native(path: string): string | Buffer {
  if (!path.startsWith('/')) throw new HostError('ENOENT', path, 'open');
  return path.isWellFormed() ? path : encodeText(path);
}
