# The scene of ch06-networks.dot and ch06-graph.dot: two networks, and web, which
# is on both.
#
#	unshare --net --pid --fork --mount-proc sh book/figures/ch06-networks.sh \
#		network inspect --dot shop vault
#
# Left out are the containers' ids.
demo=ch06-final/build/demo
{
	ip link set lo up
	$demo network create --subnet 10.150.0.0/24 shop
	$demo network create --internal --subnet 10.151.0.0/24 vault
	$demo run -d --name web --network shop -p 127.0.0.1:8150:80 \
		busybox sleep 60
	$demo run -d --name till --network vault -v ledger:/ledger \
		busybox sleep 60
	$demo network connect vault web
} >/dev/null 2>&1
$demo "$@" | sed -E 's/\\n[0-9a-f]{12}//'
{
	$demo rm -f web till
	$demo network rm shop vault
	$demo volume rm ledger
} >/dev/null 2>&1
