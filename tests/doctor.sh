#!/bin/sh
# doctor.sh - what this machine has, what it lacks, and the cure for each lack.
#
#	sh tests/doctor.sh		all of it
#	sh tests/doctor.sh firewalls	only who else filters packets here
#
# It asks the kernel by doing: each probe runs in namespaces of its own, which
# end with it, so that nothing on the machine is changed.  The exit status is 0
# when everything essential is there.

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
cd "$(dirname "$0")/.." || exit 2
lacks=0

title() { printf '\n%s\n' "$1"; }
has() { printf '  ok    %s\n' "$*"; }
note() { printf '  -     %s\n' "$*"; }
# lack WHAT CURE: essential.  wish WHAT CURE: something works without it.
lack() {
	printf '  LACK  %s\n        cure: %s\n' "$1" "$2"
	lacks=$((lacks + 1))
}
wish() { printf '  lack  %s\n        cure: %s\n' "$1" "$2"; }

is_root=no
[ "$(id -u)" = 0 ] && is_root=yes
# The right to make namespaces: root has it, others in a user namespace.
privileged="unshare"
[ $is_root = yes ] || privileged="unshare -U -r"
probe() { "$@" >/dev/null 2>&1; }

value() { cat "$1" 2>/dev/null; }

if [ "$1" = firewalls ]; then
	. tests/firewalls.sh
	exit 0
fi

# ---- kernel ----------------------------------------------------------------

title "kernel"
release=$(uname -r)
major=${release%%.*}
minor=${release#*.}
minor=${minor%%[!0-9]*}
if [ "$major" -gt 5 ] || { [ "$major" = 5 ] && [ "$minor" -ge 6 ]; }; then
	has "Linux $release ($(uname -m))"
else
	lack "Linux $release is older than 5.6 (openat2, pidfd)" \
		"a newer kernel; every distribution since 2021 has one"
fi
if awk '$5 == "/" { print $9, $10, $11 }' /proc/self/mountinfo |
	grep -q rootfs; then
	lack "the root file system is the initramfs: pivot_root says EINVAL" \
		"boot from a disk, or run all this under: unshare -m chroot"
fi
if [ -e /.dockerenv ] || [ -e /run/.containerenv ] ||
	grep -qs container= /proc/1/environ; then
	note "this is the inside of a container: what it was denied lacks here"
fi
if [ $is_root = yes ]; then
	note "running as root"
elif command -v sudo >/dev/null; then
	note "running as $(id -un); with sudo more could be looked at"
else
	wish "no root and no sudo: the demos run in user namespaces only" \
		"install sudo, or become root with su"
fi

# ---- namespaces --------------------------------------------------------------

title "namespaces"
# file in /proc/self/ns, flag of unshare(1), kernel option, essential?
while read -r file flag option essential; do
	if [ ! -e "/proc/self/ns/$file" ]; then
		$essential "$file: this kernel has no such namespaces" \
			"a kernel with CONFIG_$option"
	elif [ "$file" = user ]; then
		has "user"
	elif probe $privileged "$flag" --fork true; then
		has "$file"
	elif [ $is_root = yes ]; then
		$essential "$file: not permitted, although root asks" \
			"run outside of the container or sandbox this is"
	else
		note "$file: there; not permitted without root here"
	fi
done <<'END'
mnt	--mount		NAMESPACES	lack
uts	--uts		UTS_NS		lack
ipc	--ipc		IPC_NS		lack
pid	--pid		PID_NS		lack
net	--net		NET_NS		lack
cgroup	--cgroup	CGROUPS		lack
user	--user		USER_NS		wish
time	--time		TIME_NS		wish
END

title "user namespaces for an ordinary user"
ordinary=
[ $is_root = yes ] && ordinary="setpriv --reuid 61234 --regid 61234
	--clear-groups"
if probe $ordinary unshare --user --map-root-user true; then
	has "root may be had without root"
else
	cured=no
	# switch, value that forbids, value that allows
	while read -r switch forbids allows; do
		file=/proc/sys/$(echo "$switch" | tr . /)
		if [ "$(value "$file")" = "$forbids" ]; then
			wish "forbidden by $switch = $forbids" \
				"sudo sysctl $switch=$allows"
			cured=yes
		fi
	done <<'END'
kernel.unprivileged_userns_clone		0	1
user.max_user_namespaces			0	10000
kernel.apparmor_restrict_unprivileged_userns	1	0
END
	# The loop ran in this shell: its input was a document, not a pipe.
	[ $cured = yes ] || wish "forbidden, by no switch this script knows" \
		"run the demos with sudo"
fi

# ---- cgroups -----------------------------------------------------------------

title "cgroups"
v1=$(awk '{ for (i = 7; i <= NF; i++) if ($i == "-") break
	if ($(i + 1) == "cgroup") print $(i + 3) "," }' /proc/self/mountinfo)
v2=$(awk '{ for (i = 7; i <= NF; i++) if ($i == "-") break
	if ($(i + 1) == "cgroup2") { print $5; exit } }' /proc/self/mountinfo)
if [ -n "$v1" ] && [ -n "$v2" ]; then
	has "hybrid: version 1 hierarchies, and version 2 at $v2"
elif [ -n "$v2" ]; then
	has "version 2 at $v2"
elif [ -n "$v1" ]; then
	has "version 1"
else
	lack "no cgroup file system is mounted" \
		"sudo mount -t cgroup2 none /sys/fs/cgroup"
fi
offered=" $([ -z "$v2" ] || value "$v2/cgroup.controllers") "
# name in version 1, in version 2 ("-": always there), essential?, cure
while read -r old new essential cure; do
	if echo ",$v1," | grep -qw "$old"; then
		has "$old (version 1)"
	elif [ -n "$v2" ] && [ "$new" = - ]; then
		has "$old (part of version 2)"
	elif [ "${offered#* "$new" }" != "$offered" ]; then
		has "$new (version 2)"
	else
		$essential "$old: no hierarchy has it" "$cure"
	fi
done <<'END'
memory	memory	lack	boot with cgroup_enable=memory on the command line
cpu	cpu	lack	a kernel with CONFIG_CGROUP_SCHED
pids	pids	lack	a kernel with CONFIG_CGROUP_PIDS
cpuset	cpuset	wish	a kernel with CONFIG_CPUSETS
blkio	io	wish	a kernel with CONFIG_BLK_CGROUP
freezer	-	wish	a kernel with CONFIG_CGROUP_FREEZER
devices	-	wish	a kernel with CONFIG_CGROUP_DEVICE
END

# ---- file systems ------------------------------------------------------------

title "file systems"
overlay='d=/tmp && mount -t tmpfs none $d && cd $d && mkdir l u w m &&
	mount -t overlay none -o lowerdir=l,upperdir=u,workdir=w m'
if probe $privileged --mount sh -c "$overlay"; then
	has "overlay"
elif [ $is_root = yes ]; then
	lack "overlay cannot be mounted" \
		"sudo modprobe overlay (CONFIG_OVERLAY_FS)"
else
	note "overlay: not mountable without root here"
fi
if [ -c /dev/fuse ]; then
	has "FUSE"
else
	wish "/dev/fuse is not there: no user-space file systems" \
		"sudo modprobe fuse (CONFIG_FUSE_FS)"
fi
free=$(df -Pk /var/lib 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }')
if [ "${free:-0}" -ge 1024 ]; then
	has "$free MB free in /var/lib, where images go"
else
	wish "only ${free:-0} MB free in /var/lib, where images go" \
		"make room there"
fi

# ---- network -----------------------------------------------------------------

title "network"
nat='add table ip t
add chain ip t c { type nat hook postrouting priority 100; }
add rule ip t c masquerade'
if ! command -v ip >/dev/null; then
	note "bridge, veth: not looked at, ip (iproute2) is not installed"
else
	for kind in bridge veth; do
		if probe $privileged --net ip link add name probe0 type $kind
		then
			has "$kind"
		elif [ $is_root = yes ]; then
			lack "$kind links cannot be made" \
				"sudo modprobe $kind (CONFIG_$(echo $kind |
				tr a-z A-Z))"
		else
			note "$kind: not to be made without root here"
		fi
	done
fi
if ! command -v nft >/dev/null; then
	note "nftables: not looked at, nft (nftables) is not installed"
elif probe $privileged --net nft "$nat"; then
	has "nftables, with address translation"
elif [ $is_root = yes ]; then
	lack "nftables takes no rule" \
		"sudo modprobe nf_tables nft_masq (CONFIG_NF_TABLES)"
else
	note "nftables: no rule is taken without root here"
fi
if [ "$(value /proc/sys/net/ipv4/ip_forward)" = 1 ]; then
	has "the host forwards packets (net.ipv4.ip_forward = 1)"
else
	note "net.ipv4.ip_forward = 0: the runtime turns it on while containers run, and back"
fi

. tests/firewalls.sh

# ---- packages ----------------------------------------------------------------

title "packages"
for table in ch0*/needs tests/needs book/needs; do
	if said=$(sh ch01-namespaces/needs.sh -n "$table" 2>&1) &&
		[ -z "$said" ]; then
		has "all of $table"
	elif sh ch01-namespaces/needs.sh -n "$table" >/dev/null 2>&1; then
		wish "$table: $(echo "$said" | sed -n \
			's/^needs: not here, optional: //p')" \
			"$(echo "$said" | grep "	" | tr -s '\t' ' ')"
	else
		what=$(echo "$said" | sed -n 's/^needs: not here: //p')
		cure=$(echo "$said" | grep "	" | tr -s '\t' ' ')
		case $table in
		tests/*|book/*) wish "$table: $what" "$cure" ;;
		*)	 lack "$table: $what" "$cure" ;;
		esac
	fi
done

echo
if [ $lacks = 0 ]; then
	echo "doctor: everything essential is here"
else
	echo "doctor: $lacks essential things lack (LACK above)"
	exit 1
fi
