#!/bin/sh
# fresh.sh - the README's commands on a machine that has only git and make.
#
#	sh tests/fresh.sh		Debian 12, make ch01 and make ch06
#	SUITE=trixie sh tests/fresh.sh	another release (jammy and noble: Ubuntu)
#	TESTS=yes sh tests/fresh.sh	sudo make test, too (takes its time)
#	MIRROR=URL sh tests/fresh.sh	from there, not where debootstrap would ask
#
# debootstrap makes the machine in a new directory.  It is entered by
# pivot_root(8) in a mount namespace of its own, not by chroot(8), because in a
# chroot the kernel refuses user namespaces; whatever is mounted ends with that
# namespace.  What is tested is the last commit, as a clone.

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
top=$(cd "$(dirname "$0")/.." && pwd)
SUITE=${SUITE:-bookworm}
case $SUITE in
jammy|noble)	components=main,universe ;;
*)		components=main ;;
esac

[ "$(id -u)" = 0 ] || { echo "fresh: this needs root" >&2; exit 1; }
command -v debootstrap >/dev/null || {
	echo "fresh: needs debootstrap: apt-get install debootstrap" >&2
	exit 1
}

place=$(mktemp -d /var/tmp/mydocker-fresh.XXXXXX) || exit 1
root=$place/root
sweep() {
	# Nothing may be mounted there any more; rm must not cross a mount.
	if grep -q " $place" /proc/self/mountinfo; then
		echo "fresh: $place is left: something is mounted there" >&2
	else
		rm -rf --one-file-system "$place"
	fi
}
trap sweep EXIT
trap 'exit 130' INT TERM HUP

echo "fresh: $SUITE into $place"
debootstrap --variant=minbase --include=git,make,ca-certificates \
	--components="$components" "$SUITE" "$root" $MIRROR \
	>"$place/log" 2>&1 || {
	tail -n 20 "$place/log"
	echo "fresh: debootstrap failed" >&2
	exit 1
}
# How this machine reaches its mirror holds in there as well.
cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null
cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null
grep -hs '^Acquire::Check' /etc/apt/apt.conf.d/* \
	>"$root/etc/apt/apt.conf.d/99fresh"
git -c safe.directory="$top" clone -q "$top" "$root/home/book" || exit 1

# Run in the new machine.  $1: its root.
enter='
	set -e
	cd "$1"
	mount --bind . .
	cd "$1"
	mount -t proc proc proc
	mount --rbind /sys sys
	mount --rbind /dev dev
	mount -t tmpfs tmpfs run
	mount -t tmpfs tmpfs tmp
	mkdir -p old
	pivot_root . old
	cd /
	umount -l /old
	rmdir /old
	exec env -i PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin \
		HOME=/root TERM=dumb sh -c "$2"
'
in_there() {
	unshare --mount --propagation private sh -c "$enter" enter \
		"$root" "cd /home/book && $1"
}

status=0
try() {
	echo
	echo "fresh: \$ $1"
	in_there "$1" || {
		echo "fresh: FAILED: $1 (exit status $?)" >&2
		status=1
	}
}

try "git status --short && make help"
try "make ch01 && ./demo"
try "make ch06 && ./demo"
[ -z "$TESTS" ] || try "make test"

echo
if [ $status = 0 ]; then
	echo "fresh: $SUITE: every command did what the README says"
else
	echo "fresh: $SUITE: FAILED"
fi
exit $status
