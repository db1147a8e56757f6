#!/bin/sh
# needs.sh - is everything here that the table `needs` asks for?
#
#	sh needs.sh [-n] [TABLE]
#
# Says nothing when all is there.  Otherwise it names what lacks and the line
# that installs it, and runs that line itself where it may: as root, or with a
# sudo that asks no password.  -n only says it.  The exit status is 0 when
# everything (but what is marked with "?") is there in the end.
#
# A row of the table:
#
#	KIND NAME	APT	DNF	PACMAN	APK
#
# KIND is cmd (a program), static (a program without shared libraries), lib (a
# library as pkg-config calls it) or header (for the compiler); "?" after it
# means that there is something to do without it.  The other columns are the
# package in each distribution: several with commas between them, "-" for none.

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
dry_run=no
[ "$1" = -n ] && dry_run=yes && shift
table=${1:-$(dirname "$0")/needs}
case $CC in
""|gcc|gcc\ *)	;;
*)	command -v "${CC%% *}" >/dev/null || {
		echo "needs: the compiler \"$CC\" (CC=...) is not here" >&2
		exit 1
	} ;;
esac
[ -r "$table" ] || { echo "needs: cannot read $table" >&2; exit 2; }

has() {
	case $1 in
	cmd)	command -v "$2" ;;
	static)	static_program "$2" ;;
	lib)	pkg-config --exists "$2" ;;
	header)	echo "#include <$2>" | ${CC:-gcc} -E - ;;
	*)	echo "needs: $table: no such kind of row: $1" >&3; exit 2 ;;
	esac >/dev/null 2>&1
}

# A program that the kernel starts without a loader: no INTERP in its header.
static_program() {
	for name in "$1" "$1.static" "$1-static"; do
		path=$(command -v "$name") || continue
		readelf -lW "$path" | grep -q INTERP || return 0
	done
	return 1
}

# The rows that lack, of the wanted strength: "" (must be) or "?" (may be).
lacking() {
	sed 's/#.*//' "$table" | while read -r kind name packages; do
		[ -n "$kind" ] || continue
		strength=${kind#"${kind%?}"}
		[ "$strength" = "?" ] || strength=
		[ "$strength" = "$1" ] || continue
		has "${kind%"$strength"}" "$name" ||
			echo "$name $packages"
	done 3>&2
}

# The packages of one column (2 apt, 3 dnf, 4 pacman, 5 apk) of such rows.
packages() {
	awk -v column="$1" '$column != "-" && $column != "" {
		count = split($column, names, ",")
		for (i = 1; i <= count; i++)
			if (!seen[names[i]]++)
				printf " %s", names[i]
	}'
}

column() {
	case $1 in
	apt-get) echo 2 ;;
	dnf)	 echo 3 ;;
	pacman)	 echo 4 ;;
	apk)	 echo 5 ;;
	esac
}

install_words() {
	case $1 in
	apt-get) echo "apt-get install -y" ;;
	dnf)	 echo "dnf install -y" ;;
	pacman)	 echo "pacman -S --needed --noconfirm" ;;
	apk)	 echo "apk add" ;;
	esac
}

# The line a reader would type for these rows.
line() {
	found=$(echo "$2" | packages "$(column "$1")")
	[ -n "$found" ] && echo "	$ask$(install_words "$1")$found"
}

# Install the packages of these rows; what the manager says is shown when it
# fails.  A package list that is missing or stale is fetched and all tried anew.
install() {
	found=$(echo "$1" | packages "$(column "$manager")")
	[ -n "$found" ] || return 1
	log=$(mktemp) || return 1
	# shellcheck disable=SC2046,SC2086
	set -- $run $(install_words $manager) $found
	"$@" >"$log" 2>&1 </dev/null ||
		{ refresh >>"$log" 2>&1 && "$@" >>"$log" 2>&1 </dev/null; }
	status=$?
	[ $status = 0 ] || tail -n 15 "$log" >&2
	rm -f "$log"
	return $status
}

refresh() {
	case $manager in
	apt-get) $run apt-get update ;;
	dnf)	 $run dnf makecache ;;
	pacman)	 $run pacman -Sy --noconfirm ;;
	apk)	 $run apk update ;;
	esac
}

must=$(lacking "") || exit 2
may=$(lacking "?") || exit 2
[ -n "$must$may" ] || exit 0

manager=
for name in apt-get dnf pacman apk; do
	command -v $name >/dev/null && manager=$name && break
done
ask="sudo "
run="env DEBIAN_FRONTEND=noninteractive"
able=no
if [ "$(id -u)" = 0 ]; then
	ask=
	able=yes
elif sudo -n true 2>/dev/null; then
	run="sudo -n $run"
	able=yes
fi

lacks() { echo "$1" | awk '{ printf "%s%s", separator, $1; separator = ", " }'; }

[ -n "$must" ] && echo "needs: not here: $(lacks "$must")" >&2
[ -n "$may" ] && echo "needs: not here, optional: $(lacks "$may")" >&2
rows=$(printf '%s\n%s\n' "$must" "$may" | grep .)
echo "needs: install with" >&2
for name in ${manager:-apt-get dnf pacman apk}; do
	line $name "$rows" >&2
done

if [ $able = yes ] && [ $dry_run = no ] && [ -n "$manager" ]; then
	echo "needs: doing that now (it can take a minute)" >&2
	[ -z "$must" ] || install "$must"
	# One by one: a name this release does not have stops no other.
	[ -z "$may" ] || echo "$may" | while read -r row; do
		install "$row" || echo "needs: goes on without ${row%% *}" >&2
	done
	must=$(lacking "")
	[ -z "$must" ] || echo "needs: still not here: $(lacks "$must")" >&2
fi
[ -z "$must" ] || {
	echo "needs: stopped before anything was built" >&2
	exit 1
}
