/** Flags of `open(2)` and its kin, `include/uapi/asm-generic/fcntl.h`. */
export const O_WRONLY = 0o1;
export const O_RDWR = 0o2;
export const O_CREAT = 0o100;
export const O_TRUNC = 0o1000;
export const O_CLOEXEC = 0o2000000;

/** `O_DIRECTORY`: arm64 has another than all others, `arch/arm64/include/uapi/asm/fcntl.h`. */
export const directoryFlag = (arch: string) => (arch === 'arm64' ? 0o40000 : 0o200000);

/** What `fcntl(2)` is asked to do. */
export const F_DUPFD = 0;
export const F_SETFD = 2;
export const F_DUPFD_CLOEXEC = 1030;

/** What `ioctl(2)` is asked to do to close a descriptor when a program is started, or not to; `asm-generic/ioctls.h`. */
export const FIONCLEX = 0x5450;
export const FIOCLEX = 0x5451;
