# The scene of ch04-rootfs-pivot.dot: the experiment "mounts", held up by a
# shell inside that reads from a pipe.
#
#	unshare --pid --fork --mount-proc sh book/figures/ch04-rootfs-pivot.sh
#
# Of the picture the container's half is taken, without the masks, which differ
# from kernel to kernel, and its mounts are numbered anew.
demo=ch04-rootfs-pivot/build/demo
masks='/proc/[a-rt-z]|/proc/s[^y]|/proc/sysrq|powercap|/dev/console'
{ echo echo ready; sleep 60; } | $demo mounts --shell 2>&1 | {
	while read -r line && [ "$line" != ready ]; do :; done
	$demo --dot | awk -v masks="$masks" '
	/subgraph/ { count++ }
	count == 0 || /^}/ { print; next }
	count != 2 { next }
	/label="the mount/ { print "\t\tlabel=\"\";"; next }
	/label=/ && $0 ~ masks { gone[$1] = 1; next }
	/->/ { name = $3; sub(";", "", name); if (name in gone) next }
	{
		sub("cluster_[0-9]+", "cluster_container")
		while (match($0, /m[0-9]+_[0-9]+/)) {
			name = substr($0, RSTART, RLENGTH)
			if (!(name in number))
				number[name] = "mount" ++numbers
			$0 = substr($0, 1, RSTART - 1) number[name] \
			     substr($0, RSTART + RLENGTH)
		}
		print
	}'
	kill -s PIPE -- -1	# a shell says nothing of those who die of it
}
