#!/bin/sh
# beside.sh - run in a network and a mount namespace of its own, which plays a
# host on which Docker and podman are at work, and has one machine outside.
#
#	unshare -n -m -p --fork --kill-child --mount-proc sh beside.sh DEMO
set -eu
demo=$1
export MYDOCKER_RUN=/mnt/run
mount -t tmpfs none /mnt

ip link set lo up
ip link add docker0 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
ip link add podman0 type bridge
ip addr add 10.88.0.1/16 dev podman0
ip link set podman0 up
nft -f - <<RULES
table ip nat {
	chain DOCKER { iifname "docker0" counter return; }
	chain PREROUTING { type nat hook prerouting priority -100;
		fib daddr type local counter jump DOCKER; }
	chain POSTROUTING { type nat hook postrouting priority 100;
		oifname != "docker0" ip saddr 172.17.0.0/16 counter masquerade; }
}
table ip filter {
	chain FORWARD { type filter hook forward priority 0; policy accept;
		oifname "docker0" ct state related,established counter accept; }
}
table inet netavark {
	chain FORWARD { type filter hook forward priority 0;
		ip saddr 10.88.0.0/16 accept; }
}
RULES

# The machine outside, 203.0.113.2, at the other end of a cable.
unshare -n sleep 60 &
outside=$!
until [ "$(readlink /proc/$outside/ns/net)" != "$(readlink /proc/self/ns/net)" ]
do sleep 0.05; done
ip link add uplink type veth peer name eth0 netns $outside
ip addr add 203.0.113.1/24 dev uplink
ip link set uplink up
there() { nsenter -t $outside -n "$@"; }
# (Not by busybox: static, on the host, it looks for name services.)
fetch='import sys, urllib.request as r
print(r.urlopen(sys.argv[1], timeout=2).read().decode())'
there ip addr add 203.0.113.2/24 dev eth0
there ip link set eth0 up
there ip link set lo up
ip route add default via 203.0.113.2
echo outside >/mnt/index.html
there busybox httpd -f -p 80 -h /mnt &

look() {
	nft -s list ruleset
	ip -4 -o addr show | sed 's/ *valid_lft.*//'
	ip route
	cat /proc/sys/net/ipv4/ip_forward
}
look >/mnt/before

# There is no route back to the container: only masquerading gets an answer.
"$demo" run --rm busybox sh -c 'for try in 1 2 3 4 5; do
	wget -q -O - http://203.0.113.2/ && break
	sleep 0.2
done' | grep outside && echo "reached the outside"

"$demo" run --rm --name beside -p 8080:80 busybox sh -c \
	'echo inside >/tmp/index.html; exec httpd -f -p 80 -h /tmp' &
tries=0
until there python3 -c "$fetch" http://203.0.113.1:8080/ 2>&1 | grep inside; do
	tries=$((tries + 1))
	[ $tries -lt 50 ]
	sleep 0.1
done
echo "reached from outside"
nft -s list table ip nat | grep -q mydocker && exit 1
"$demo" rm -f beside >/dev/null
status=0
wait $! || status=$?
[ $status = 137 ]	# killed by SIGKILL, and said so

look >/mnt/after
diff /mnt/before /mnt/after && echo "nothing changed"
