# The scene of ch05-network.dot: the experiment "cnm", held up by a shell
# inside that reads from a pipe.
#
#	unshare --net --pid --fork --mount-proc sh book/figures/ch05-network.sh
#
# Left out is what no two runs have alike, the pids, and the network namespace
# in which all this is played, which has nothing in it.
demo=ch05-network/build/demo
{ echo echo ready; sleep 60; } | $demo cnm --shell 2>&1 | {
	while read -r line && [ "$line" != ready ]; do :; done
	$demo --dot | sed -E -e 's/ \(pid [0-9]+\)//' \
		-e '/cluster_0 /,/^  }/d'
	kill -s PIPE -- -1	# a shell says nothing of those who die of it
}
