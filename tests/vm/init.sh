#!/bin/busybox sh
# init.sh - the guest's first process, in the initramfs, until its root is
# there: the host's, which is read only, under a layer in memory.
#
# Its words go to the console, which the host shows when no status comes.
# /settings has: tree, modules (paths on the host), cgroup and command.
/bin/busybox --install -s /bin
export PATH=/bin
set -e
trap 'echo "init: failed"; poweroff -f' EXIT
. /settings

for module in /modules/*; do insmod "$module"; done
mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose \
	host /host
mount -t tmpfs none /ram

# $2 of the host appears at $3; what is written there stays in memory.
layer() {
	mkdir -p "/lower/$1" "/ram/$1/upper" "/ram/$1/work" "$3"
	mount -o bind "$2" "/lower/$1"	# a path may have what divides options
	mount -t overlay -o "lowerdir=/lower/$1,upperdir=/ram/$1/upper" \
		-o "workdir=/ram/$1/work" "$1" "$3"
}

layer root /host /root
# No overlay can be the upper layer of another: stores get a tmpfs.
for place in run tmp var/tmp var/lib/mydocker; do
	mkdir -p "/root/$place"
	mount -t tmpfs -o mode=1777 tmpfs "/root/$place"
done
chmod 755 /root/run /root/var/lib/mydocker
layer tree "/host$tree" "/root$tree"
mkdir -p "/root/lib/modules/$(uname -r)"
mount -o bind "/host$modules" "/root/lib/modules/$(uname -r)"
exec switch_root /root /bin/sh "$tree/tests/vm/guest.sh" "$cgroup" "$command"
