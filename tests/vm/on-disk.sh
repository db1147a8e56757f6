#!/bin/sh
# on-disk.sh - in the guest, a command for which /tmp and /var/tmp are disks:
# ext4, in memory, compressed.  The guest's own tmpfs has an ordinary user's
# attributes only since Linux 6.6, and without them no overlay of his.
#
#	on-disk.sh COMMAND [ARGUMENT...]
set -e
for place in /tmp /var/tmp; do
	number=$(cat /sys/class/zram-control/hot_add)
	echo 8G >"/sys/block/zram$number/disksize"
	mkfs.ext4 -q -O ^has_journal "/dev/zram$number"
	mount "/dev/zram$number" "$place"
	rmdir "$place/lost+found"
	chmod 1777 "$place"
done
exec "$@"
