# The scene of ch01-namespaces.dot.  Play it in a pid namespace with a /proc of
# its own, or all processes of the host are in the picture:
#
#	unshare --pid --fork --mount-proc sh book/figures/ch01-namespaces.sh
#
demo=ch01-namespaces/build/demo
unshare --uts sleep 60 &
unshare --ipc --net sleep 60 &
# The experiment "all", held up by a shell inside that reads from a pipe.
{ echo echo ready; sleep 60; } | $demo all --shell 2>&1 | {
	while read -r line && [ "$line" != ready ]; do :; done
	$demo --dot
	kill -s PIPE -- -1	# a shell says nothing of those who die of it
}
