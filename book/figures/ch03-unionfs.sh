# The scene of ch03-unionfs.dot: the experiment "company", held up by a shell
# inside that reads from a pipe.
#
#	unshare --pid --fork --mount-proc sh book/figures/ch03-unionfs.sh
#
# Left out is what no two runs have alike: process, mount id, and where it is.
demo=ch03-unionfs/build/demo
{ echo echo ready; sleep 60; } | $demo company --shell 2>&1 | {
	while read -r line && [ "$line" != ready ]; do :; done
	$demo --dot | sed -E -e 's/mount[0-9]+_[0-9]+/union/' \
		-e 's/ \(process [0-9]+\)//' -e 's|>/[^<>]*/|>.../|g'
	kill -s PIPE -- -1	# a shell says nothing of those who die of it
}
