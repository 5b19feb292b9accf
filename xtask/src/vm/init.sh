#!/bin/busybox sh
# The only process of a guest besides the tests: mounts what a node has, runs them, powers off.
# ttyS0 is the kernel's console, ttyS1 carries the tests' own lines and nothing else.
/bin/busybox mkdir -p /bin /dev /proc /sys /tmp /run /root
/bin/busybox --install -s /bin
export PATH=/bin HOME=/root
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
[ -d /sys/fs/cgroup ] && mount -t cgroup2 cgroup2 /sys/fs/cgroup
[ -d /sys/kernel/tracing ] && mount -t tracefs tracefs /sys/kernel/tracing
[ -d /sys/fs/bpf ] && mount -t bpf bpf /sys/fs/bpf
ln -sf /proc/self/fd /dev/fd
ip link set lo up
hostname guest
stty -F /dev/ttyS1 raw -echo 2>/dev/null
. /etc/guest
{
    echo "guest: kernel $(uname -r)"
    code=0
    for test in $GUEST_TESTS; do
        /tests/$test --test-threads=1 --color=never $GUEST_ARGUMENTS || code=$?
    done
    echo "guest: exit $code"
} >/dev/ttyS1
poweroff -f
