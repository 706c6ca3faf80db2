#!/bin/busybox sh
# The first process of the machine that tools/kernels.ts boots: mounts what a distribution does, and runs the checks.
/bin/busybox --install -s /bin
export PATH=/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
if [ "$types" = true ]; then
  mount -t tmpfs kernel /sys/kernel
  mkdir /sys/kernel/btf /sys/kernel/security /sys/kernel/debug /sys/kernel/tracing
  cp /types /sys/kernel/btf/vmlinux
fi
mount -t securityfs security /sys/kernel/security
mount -t debugfs debug /sys/kernel/debug
mount -t tracefs trace /sys/kernel/tracing
if [ "$cgroup1" = true ]; then
  mount -t tmpfs cgroup /sys/fs/cgroup
  mkdir /sys/fs/cgroup/pids
  mount -t cgroup -o pids cgroup /sys/fs/cgroup/pids
else
  mount -t cgroup2 cgroup /sys/fs/cgroup
fi
ip link set lo up
node /osquery/tools/kernels/inside.ts
poweroff -f
