# firewalls.sh - read by doctor.sh: whose packet filters are on this host, and
# do they let through what our containers send?
#
# A packet that is forwarded passes every base chain of the hook forward, and
# each has to accept it: our own cannot overrule another program's (chapter 5,
# "Somebody else's firewall").  Our bridges are mydocker0 and, of networks that
# a user made, mydocker and seven digits: so the cures name them all, by
# mydocker+ in words of iptables and mydocker* in those of nft.  They open
# nothing between our networks: our own chain drops that.
#
# All of this only reads.  iptables-legacy loads a table that it is asked about,
# so it is asked only about one that is there.

# Of the base chains at forward that are not ours: "FAMILY TABLE CHAIN", for
# those that drop what no rule of theirs has accepted, in a table that does not
# speak of our bridges.  The others are nobody's hindrance.
forward_drops() {
	awk '
	/^table / { family = $2; table = $3; knows = count = 0 }
	/^\tchain / { chain = $2; drops = base = 0 }
	/^\t\ttype filter hook forward / {
		base = family == "ip" || family == "ip6" || family == "inet"
		drops = /policy drop/
	}
	/"mydocker/ { knows = 1 }
	# The last rule of the chain, if it is for every packet.
	/^\t\t/ && !/policy / { all = /^\t\t(log .*)?(counter )?(drop|reject)/ }
	/^\t}/ {
		if (base && (drops || all))
			found[++count] = family " " table " " chain
		chain = ""; base = all = 0
	}
	/^}/ {
		for (i = 1; i <= count && !knows && table !~ /^mydocker/; i++)
			print found[i]
	}'
}

# iptables and its like: "-I CHAIN" in both directions.
let_in() {
	printf '%s -I %s -i mydocker+ -j ACCEPT; %s -I %s -o mydocker+ -j ACCEPT' \
		"$1" "$2" "$1" "$2"
}

# cure_for FAMILY TABLE CHAIN, with the whole ruleset in $ruleset.
cure_for() {
	tool=iptables
	[ "$1" = ip6 ] && tool=ip6tables
	case "$1 $2 $3" in
	"ip filter FORWARD"|"ip6 filter FORWARD")
		if has_chain DOCKER-USER; then
			let_in $tool DOCKER-USER	# which Docker keeps
		else
			let_in $tool FORWARD
		fi ;;
	"inet firewalld "*)
		printf 'firewall-cmd --permanent --zone=trusted %s' \
			"--add-interface=mydocker+; firewall-cmd --reload" ;;
	*)	printf "nft 'insert rule %s iifname mydocker* accept" "$*"
		printf "; insert rule %s oifname mydocker* accept'" "$*" ;;
	esac
}

has_chain() { echo "$ruleset" | grep -q "^	chain $1[A-Za-z0-9_-]* {"; }
has_table() { echo "$ruleset" | grep -qE "^table (ip|ip6|inet) $1 {"; }

# Who is there, by the names that each gives its chains and tables.
whose_rules() {
	if has_chain DOCKER || has_table docker-bridges; then
		note "Docker's rules are there: they translate for its own" \
			"bridges, ours for ours"
	fi
	if has_chain NETAVARK || has_table netavark || has_chain CNI-; then
		note "podman's rules are there (netavark, CNI): they accept" \
			"what is its own and drop nothing of ours"
	fi
	if has_chain ufw-; then
		note "ufw is there: a rule of \`ufw deny\` is for the host's" \
			"own ports; a published port never comes to it"
		note "ufw makes its rules anew when it is reloaded: what is" \
			"to stay goes to /etc/ufw/before.rules, as -A" \
			"ufw-before-forward -i mydocker+ -j ACCEPT, and with -o"
	fi
	if has_table firewalld; then
		note "firewalld is there"
	fi
	if has_table mydocker; then
		note "our own table is there: containers run"
	fi
}

blocked() { # WHERE CURE
	by=
	case $1 in *ip6*) by=" by IPv6" ;; esac
	wish "$1 drops what nobody told it to forward: our containers
        have no way out$by, and published ports no way in" "$2"
	is_open=no
}

look_at_nftables() {
	whose_rules
	drops=$(echo "$ruleset" | forward_drops)
	while read -r family table chain; do
		[ -z "$chain" ] || blocked "nftables chain $family $table $chain" \
			"$(cure_for "$family" "$table" "$chain")"
	done <<-END
		$drops
	END
}

# What iptables-legacy made is not nftables', and both hold.
look_at_legacy() {
	for tool in iptables ip6tables; do
		names=/proc/net/$(echo $tool | sed s/tables/_tables/)_names
		value "$names" | grep -qx filter || continue
		command -v $tool-legacy >/dev/null || continue
		rules=$($tool-legacy -S 2>/dev/null)
		echo "$rules" | grep -qx -e '-P FORWARD DROP' || continue
		echo "$rules" | grep -q mydocker && continue
		chain=FORWARD
		echo "$rules" | grep -qx -e '-N DOCKER-USER' && chain=DOCKER-USER
		blocked "$tool-legacy's chain FORWARD" \
			"$(let_in $tool-legacy $chain)"
	done
}

# Then two on one bridge are kept apart as if the host routed between them.
look_at_bridges() {
	switch=net.bridge.bridge-nf-call-iptables
	[ "$(value /proc/sys/$(echo $switch | tr . /))" = 1 ] || return 0
	if [ $is_open = yes ]; then
		note "$switch = 1: packets between two containers of one" \
			"network pass the chains of forward, too; they accept"
	else
		wish "$switch = 1: what drops forwarded packets keeps even
        containers of one network apart" \
			"the above; or, if nothing else wants it, sysctl $switch=0"
	fi
}

title "other programs' firewalls"
is_open=yes
if ! command -v nft >/dev/null; then
	note "not looked at, nft (nftables) is not installed"
elif [ "$(id -u)" != 0 ] || ! ruleset=$(nft -s list ruleset 2>/dev/null); then
	note "not looked at, that takes root: sudo sh tests/doctor.sh firewalls"
else
	look_at_nftables
	look_at_legacy
	[ $is_open = no ] || has "nobody drops what containers send"
	look_at_bridges
	if [ "$(systemctl is-enabled nftables 2>/dev/null)" = enabled ] &&
		grep -qs '^flush ruleset' /etc/nftables.conf; then
		note "nftables.service begins with \"flush ruleset\": reloaded" \
			"while containers run, it takes their rules along;" \
			"start them again then"
	fi
fi
