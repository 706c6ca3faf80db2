/** A package of a distribution, with a kernel in it. */
export interface KernelPackage {
  readonly of: string;
  readonly url: string;
  /** From the archive's index, `Packages`. */
  readonly sha256: string;
}

/** Headers of a kernel that has been built without its types, from which they can be made. */
export interface KernelHeaders {
  readonly packages: readonly KernelPackage[];
  /** Directories of them below `/usr/src`. */
  readonly common: string;
  readonly own: string;
}

/** A kernel, how it is booted, and what is expected of it. */
export interface Kernel {
  readonly name: string;
  readonly package: KernelPackage;
  readonly bpf: boolean;
  /** Whether it can name files in memory for fanotify: those of /tmp. */
  readonly fanotify: boolean;
  /** Whether it has the first version of cgroups only, as distributions had before 2021. */
  readonly cgroup1?: boolean;
  /** Of one kernel at most. */
  readonly headers?: KernelHeaders;
  /** More of its command line. */
  readonly more?: string;
}

const UBUNTU = 'http://archive.ubuntu.com/ubuntu/pool/main/l';
const DEBIAN = 'http://deb.debian.org/debian/pool/main/l';
const LOCKDOWN = 'lockdown=confidentiality';

const BIONIC: KernelPackage = {
  of: 'Ubuntu 18.04',
  url: `${UBUNTU}/linux/linux-image-unsigned-4.15.0-213-generic_4.15.0-213.224_amd64.deb`,
  sha256: '1165ce25b7a822ef514479b70124b9e843477619536eb562fb2d63ec9a421f61',
};
const FOCAL: KernelPackage = {
  of: 'Ubuntu 20.04',
  url: `${UBUNTU}/linux/linux-image-unsigned-5.4.0-216-generic_5.4.0-216.236_amd64.deb`,
  sha256: 'a0c4872252ba1e60348fd7216c9a9e27870fcb0fbc8bc9daf8dbf9735a7ea739',
};
const FOCAL_NEWER: KernelPackage = {
  of: 'Ubuntu 20.04',
  url: `${UBUNTU}/linux-hwe-5.8/linux-image-unsigned-5.8.0-38-generic_5.8.0-38.43~20.04.1_amd64.deb`,
  sha256: 'fa32b04adfb8a71b9e0ce0f40adf03e7e606a326102b7138425c17661dfbacea',
};
const FOCAL_NEWER_HEADERS: KernelHeaders = {
  packages: [
    {
      of: 'Ubuntu 20.04',
      url: `${UBUNTU}/linux-hwe-5.8/linux-headers-5.8.0-38-generic_5.8.0-38.43~20.04.1_amd64.deb`,
      sha256: 'af652d5af8034c82b63e32e8e3e97baac5d59db58e242a836c2a41e8bd99e21d',
    },
    {
      of: 'Ubuntu 20.04',
      url: `${UBUNTU}/linux-hwe-5.8/linux-hwe-5.8-headers-5.8.0-38_5.8.0-38.43~20.04.1_all.deb`,
      sha256: '4af5d97fe352a93c7431bab85f79444dbd01c8bc77ac208f33b40686b678ac20',
    },
  ],
  common: 'linux-hwe-5.8-headers-5.8.0-38',
  own: 'linux-headers-5.8.0-38-generic',
};
const BULLSEYE: KernelPackage = {
  of: 'Debian 11',
  url: `${DEBIAN}/linux/linux-image-5.10.0-32-amd64-unsigned_5.10.223-1_amd64.deb`,
  sha256: '53a0ada535b8b35b3ee80ead5ab88036591963941c42dff6881bdb741deebead',
};
const JAMMY: KernelPackage = {
  of: 'Ubuntu 22.04',
  url: `${UBUNTU}/linux/linux-image-unsigned-5.15.0-204-generic_5.15.0-204.214_amd64.deb`,
  sha256: '2fa65ba92f39485b97c53d68b4245931a2fb6abadadf250769b48f86f7eaa815',
};
const JAMMY_KVM: KernelPackage = {
  of: 'Ubuntu 22.04',
  url: `${UBUNTU}/linux-signed-kvm/linux-image-5.15.0-1104-kvm_5.15.0-1104.109_amd64.deb`,
  sha256: '9ac73bb55abab4cf37f65b01fe112af68a43718f5f0a8a0505e0b0734fe1f06f',
};
const BOOKWORM: KernelPackage = {
  of: 'Debian 12',
  url: `${DEBIAN}/linux/linux-image-6.1.0-50-amd64-unsigned_6.1.176-1_amd64.deb`,
  sha256: '439422e41d2dbb840b60b81e3bf5e5955bfa56b7a8c268aec83c9ff882d421e6',
};
const NOBLE: KernelPackage = {
  of: 'Ubuntu 24.04',
  url: `${UBUNTU}/linux/linux-image-unsigned-6.8.0-149-generic_6.8.0-149.149_amd64.deb`,
  sha256: 'a82f22e04caa71f07f2a30e060f79d6221612f8f7abd6f4b791ca515cbec8157',
};
const TRIXIE: KernelPackage = {
  of: 'Debian 13',
  url: `${DEBIAN}/linux/linux-image-6.12.117+deb13-amd64-unsigned_6.12.117-1_amd64.deb`,
  sha256: '3b80d047f4d70d5f85d834f370b0e4b1bf689ee958c69018a570319b77f49301',
};
const NOBLE_NEWER: KernelPackage = {
  of: 'Ubuntu 24.04',
  url: `${UBUNTU}/linux-hwe-7.0/linux-image-unsigned-7.0.0-44-generic_7.0.0-44.44~24.04.1_amd64.deb`,
  sha256: '28f2944a2c66e472e65d3160113f3055ae467fb4a600008e4180cb01bcd4d10e',
};

export const KERNELS: readonly Kernel[] = [
  { name: '4.15', package: BIONIC, bpf: false, fanotify: false, cgroup1: true },
  { name: '5.4', package: FOCAL, bpf: false, fanotify: false, cgroup1: true },
  // Which has been built without the types that eBPF needs.
  { name: '5.8', package: FOCAL_NEWER, bpf: false, fanotify: false },
  { name: '5.8-types', package: FOCAL_NEWER, bpf: true, fanotify: false, headers: FOCAL_NEWER_HEADERS },
  { name: '5.10', package: BULLSEYE, bpf: true, fanotify: false },
  { name: '5.10-cgroup1', package: BULLSEYE, bpf: true, fanotify: false, cgroup1: true },
  { name: '5.10-lockdown', package: BULLSEYE, bpf: false, fanotify: false, more: LOCKDOWN },
  { name: '5.15', package: JAMMY, bpf: true, fanotify: true },
  // Which has been built without the tracepoints of system calls.
  { name: '5.15-kvm', package: JAMMY_KVM, bpf: false, fanotify: true },
  { name: '6.1', package: BOOKWORM, bpf: true, fanotify: true },
  { name: '6.8', package: NOBLE, bpf: true, fanotify: true },
  { name: '6.8-lockdown', package: NOBLE, bpf: false, fanotify: true, more: LOCKDOWN },
  { name: '6.12', package: TRIXIE, bpf: true, fanotify: true },
  { name: '7.0', package: NOBLE_NEWER, bpf: true, fanotify: true },
];
