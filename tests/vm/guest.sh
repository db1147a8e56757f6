#!/bin/sh
# guest.sh - the guest's first process in its root: what an init system would
# do, then the command, whose words and status go to the host.
#
#	guest.sh v2|v1|hybrid COMMAND
cgroup=$1 command=$2
here=${0%/*}
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root USER=root LANG=C.UTF-8
export MYDOCKER_GUEST=1	# whose clock may be set: test_clock.py
set -e
mount -t proc proc /proc
trap 'echo "guest: failed"; echo o >/proc/sysrq-trigger; sleep 60' EXIT
mount -t sysfs sysfs /sys
mount -t securityfs securityfs /sys/kernel/security
mount -t devtmpfs devtmpfs /dev

mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t mqueue mqueue /dev/mqueue
ln -s /proc/self/fd /dev/fd
for number in 0:stdin 1:stdout 2:stderr; do
	ln -s "/proc/self/fd/${number%:*}" "/dev/${number#*:}"
done
# Opening one of these loads its module: "fuse fuse c10:229".
grep -v '^#' "/lib/modules/$(uname -r)/modules.devname" |
while read -r _ name numbers; do
	[ -e "/dev/$name" ] && continue
	mkdir -p "$(dirname "/dev/$name")"
	major=${numbers%:*}
	mknod -m 600 "/dev/$name" "${major%"${major#?}"}" "${major#?}" \
		"${numbers#*:}"
done
chmod 666 /dev/fuse /dev/net/tun
# An installed system has swap; here it is in memory, compressed.
modprobe zram && echo 256M >/sys/block/zram0/disksize &&
	mkswap /dev/zram0 >/dev/null && swapon /dev/zram0 ||
	echo "guest: no swap"

. "$here/cgroups.sh"
mount --make-rshared /
hostname vm
ip link set lo up
cd "$here/../.."

# A process that outlives the command and holds its output is waited for, as
# in any pipeline; so all has been passed on when the status is.
until [ -c /dev/vport*p3 ]; do sleep 0.1; done
words=$(echo /dev/vport*p1) errors=$(echo /dev/vport*p2)
status=$(echo /dev/vport*p3)
echo started >$status
set +e
{
	{
		sh -c "$command" 2>&3 3>&- </dev/null
		echo $? >/run/vm.status
	} | cat >$words
} 3>&1 | cat >$errors
cat /run/vm.status >$status
