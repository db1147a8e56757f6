# cgroups.sh - part of guest.sh: mounts the control groups, as $cgroup says.
#
#	v2	one hierarchy, as systemd mounts it
#	v1	a hierarchy for each controller
#	hybrid	memory, io and pids in version 2, the others in version 1
#
# Which controllers version 2 has to itself, the kernel was told at its start.
top=/sys/fs/cgroup

one_each() {
	mount -t tmpfs -o mode=755 tmpfs $top
	sed 1d /proc/cgroups | while read -r name _; do
		mkdir $top/$name
		mount -t cgroup -o $name cgroup $top/$name 2>/dev/null ||
			rmdir $top/$name
	done
}

# Systemd too keeps its own processes, and a user's, away from the top.
unified() {
	mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 "$1"
	mkdir "$1/session.scope"
	echo 0 >"$1/session.scope/cgroup.procs"
	for controller in cpu io memory pids; do
		echo +$controller >"$1/cgroup.subtree_control" 2>/dev/null || :
	done
}

case $cgroup in
v2)	unified $top ;;
v1)	one_each ;;
hybrid) one_each
	mkdir $top/unified
	unified $top/unified ;;
esac
