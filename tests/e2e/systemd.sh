#!/bin/sh
# systemd.sh - the systemd of this machine as pid 1 of namespaces of its own,
# with a bus and nothing else to do.
#
#	systemd.sh LAYOUT NAME UID	LAYOUT: hybrid (as the host) or unified
#
# manager.service, once started, is the systemd of the user UID.
#
# It lives in a cgroup NAME of each hierarchy, which it sees as the root.  What
# it writes is in memory; the end of this process is the end of it.

set -e
layout=$1 name=$2 user=$3

hierarchies() {		# of this kind: "cgroup", "cgroup2"
	awk -v kind="$1" '$5 ~ "^/sys/fs/cgroup" && $0 ~ " - " kind " " \
		{ print $5 }' /proc/self/mountinfo
}

case $4 in
"")	for hierarchy in $(hierarchies cgroup) $(hierarchies cgroup2); do
		mkdir "$hierarchy/$name"
		for file in cpuset.cpus cpuset.mems; do
			[ ! -e "$hierarchy/$file" ] ||
				cat "$hierarchy/$file" >"$hierarchy/$name/$file"
		done
		echo $$ >"$hierarchy/$name/cgroup.procs"
	done
	exec unshare --cgroup sh "$0" "$layout" "$name" "$user" outside ;;
outside)	# v2 hands controllers down only from where nobody is.
	for hierarchy in $(hierarchies cgroup2); do
		mkdir "$hierarchy/$name/outside"
		echo $$ >"$hierarchy/$name/outside/cgroup.procs"
	done
	exec unshare --mount --pid --uts --ipc --net --fork \
		--kill-child=KILL --propagation=private \
		sh "$0" "$layout" "$name" "$user" inside ;;
esac

units=/etc/systemd/system
mount -t proc proc /proc
mounts=$(awk '$5 ~ "^/sys/fs/cgroup/" && / - cgroup / { print $5, $NF }' \
	/proc/self/mountinfo)
umount --recursive --lazy /sys/fs/cgroup
if [ "$layout" = unified ]; then
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	echo 1 >/sys/fs/cgroup/cgroup.procs
else
	mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
	echo "$mounts" | while read -r path options; do
		mkdir "$path"
		mount -t cgroup -o "${options#rw,}" cgroup "$path" ||
		mount -t cgroup -o "none,${options#rw,}" cgroup "$path"
	done
	mkdir /sys/fs/cgroup/unified
	mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
	echo 1 >/sys/fs/cgroup/unified/cgroup.procs
fi
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs $units

cat >$units/quiet.target <<-END
	[Unit]
	DefaultDependencies=no
	Requires=dbus.service
END
cat >$units/dbus.socket <<-END
	[Unit]
	DefaultDependencies=no
	[Socket]
	ListenStream=/run/dbus/system_bus_socket
END
cat >$units/dbus.service <<-END
	[Unit]
	DefaultDependencies=no
	Requires=dbus.socket
	[Service]
	Type=notify
	NotifyAccess=main
	ExecStart=$(command -v dbus-daemon) --system --address=systemd: \
		--nofork --nopidfile --systemd-activation
END
# A user's own, as user@.service has it, but for the login.
home=/run/user/$user
mkdir -p "$home/systemd/user"
for unit in dbus.socket dbus.service quiet.target; do
	sed "s:/run/dbus/system_bus_socket:%t/bus:; s:--system :--session :" \
		$units/$unit >"$home/systemd/user/$unit"
done
chown -R "$user:$user" "$home"
{ cat /etc/passwd; echo "somebody:x:$user:$user::$home:/bin/sh"; } >/run/passwd
mount --bind /run/passwd /etc/passwd
cat >$units/manager.service <<-END
	[Unit]
	DefaultDependencies=no
	[Service]
	Type=notify
	User=$user
	Delegate=yes
	TimeoutStartSec=infinity
	Environment=XDG_RUNTIME_DIR=$home HOME=$home
	ExecStart=/lib/systemd/systemd --user --unit=quiet.target
END
export container=mydocker-test
exec /lib/systemd/systemd --system --unit=quiet.target \
	--log-target=console --show-status=no
