# The scene of ch02-cgroups.dot: the experiment "docker", held up by a shell
# inside that reads from a pipe, and in there a tail that has eaten 35 MiB and
# waits for more.
#
#	unshare --pid --fork --mount-proc sh book/figures/ch02-cgroups.sh
#
# Left out is what no two machines have alike: where the hierarchies are, CPU
# time, and of what was measured the last digits.
demo=ch02-cgroups/build/demo
{
	echo '(head -c 35M /dev/zero; echo ready >&2; exec sleep 60) | tail >/dev/null &'
	sleep 60
} | $demo docker --shell 2>&1 | {
	while read -r line && [ "$line" != ready ]; do :; done
	$demo --dot | sed -E -e '/self/d' -e '/^\t"\/" \[/c\
	"/" [label="the base of each hierarchy"];' \
		-e 's/(memory|peak) ([0-9]*)[0-9]\.[0-9] MiB/\1 \2x MiB/g' \
		-e 's/CPU [0-9.]+ s, /CPU /; s/CPU [0-9.]+ s\\l//'
	kill -s PIPE -- -1
}
