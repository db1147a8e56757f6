#!/bin/sh
# as-user.sh - an ordinary user's session, for a command: where there is a
# version 2 hierarchy, with a cgroup handed down to the user as systemd does.
#
#	as-user.sh UID COMMAND [ARGUMENT...]
set -e
user=$1
shift
v2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
if [ -n "$v2" ]; then
	own=$v2/user.slice/user
	mkdir -p "$own/session"
	for controller in $(cat "$v2/cgroup.subtree_control"); do
		echo "+$controller" >"$v2/user.slice/cgroup.subtree_control"
	done
	# Not its limits: those stay with who handed it down.
	for group in "$own" "$own/session"; do
		chown "$user" "$group" "$group/cgroup.procs" \
			"$group/cgroup.threads" "$group/cgroup.subtree_control"
	done
	echo 0 >"$own/session/cgroup.procs"
fi
exec setpriv --reuid="$user" --regid="$user" --clear-groups "$@"
