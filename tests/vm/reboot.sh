#!/bin/sh
# reboot.sh - in the guest of test_vm.py, whose store is on a disk (DISK=): what
# is done before the machine loses its power, and what is found after that.
#
#	reboot.sh before	says "ready", and then nothing more
#	reboot.sh after
set -e
demo=ch06-final/build/demo
store=/var/lib/mydocker
modprobe virtio_blk
modprobe ext4

# Nothing is synced but by who says that it is done; and what the payload wrote.
before() {
	mkfs.ext4 -q /dev/vda
	mount -o commit=600 /dev/vda $store
	$demo network create front
	$demo volume create kept
	$demo run -d --name first --restart unless-stopped --network front \
		-v kept:/data -p 8080:80 busybox sh -c \
		'[ -e /data/file ] || { echo written >/data/file
		echo layer >/layer; sync /data/file /layer; }; echo life; exec httpd -fh /data'
	until $demo exec first test -e /layer; do sleep 1; done
	$demo rename first web
	$demo run -d --name plain --network front busybox sleep 1000
	$demo run -d --name frozen --network none busybox sleep 1000
	$demo pause frozen
	$demo run -d --name always --restart always busybox sleep 1000
	$demo run -d --name stopped --restart unless-stopped busybox sleep 1000
	$demo stop -t 0 always stopped
	$demo run -d --rm --name gone busybox sleep 1000
	$demo create --name old busybox true
	sync
	# Changes after which nothing syncs but they themselves.
	$demo rename old renamed
	$demo create --name made busybox true
	echo ready
	sleep 1000
}

show() {
	$demo ps -a --format '{{.Names}} {{.State}} {{.Status}}' |
		sed 's/) .* ago$/) ago/; s/ Up .*/ Up/' | sort
}

# What there is of containers and their networks, as the kernel has it.
residue() {
	find $store/containers $store/run -mindepth 1
	ip -o link show type veth
	ip -o link show type bridge
	nft list tables
	grep $store/ /proc/mounts || :
	find /sys/fs/cgroup -path '*/mydocker/*' -type d
}

after() {
	mount -o commit=600 /dev/vda $store
	echo "== found"
	show
	$demo inspect -f '{{.State.ExitCode}} {{.State.Running}}' web frozen
	$demo volume ls -q
	$demo network ls --format '{{.Name}}'
	echo "== started"
	$demo start plain
	$demo system boot
	$demo start frozen
	show
	$demo exec web cat /layer
	wget -qO- http://127.0.0.1:8080/file
	$demo exec plain wget -qO- http://web/file
	$demo logs web
	echo "== removed"
	$demo system halt >/dev/null
	$demo rm -v web plain frozen always stopped renamed made
	$demo network rm front
	$demo volume rm kept
	residue
}

"$1"
