# The two step tables of an OCI runtime as a picture, and what the halves say to
# each other: read from the sources, so that it is never another order than
# theirs.
#
#	sh book/figures/ch06-runtime.sh | dot -Tsvg
#
# A message is an arrow from the step whose function sends it to the one that
# waits for it: the first sent is the first received.  (Where systemd makes the
# cgroup, "scope" sends in place of "cgroup".)
cd ch06-final/runtime && awk '
function side() {
	return FILENAME == "create.c" ? "parent" : "child"
}
# "sync_send(making->sync, SYNC_GO)" of this function
function note(line,	kind, type) {
	kind = line ~ /sync_send/ ? "sends" : "waits"
	type = match(line, /SYNC_[A-Z]+/) ? \
		substr(line, RSTART + 5, RLENGTH - 5) : "FD"
	said[side(), body] = said[side(), body] kind ":" type " "
}
/^[a-z_]+\(/ { body = $0; sub(/\(.*/, "", body) }
/sync_(send|expect)(_fd)?\(/ && body != "init_run" &&
	body != "accept_start" { note($0) }
/(create|init)_steps\[\] = \{/ { in_table = 1; next }
in_table && /\{ 0 \}/ { in_table = 0 }
in_table {
	split($0, word, /[", \t{}]+/)
	n = ++count[side()]
	name[side(), n] = word[2]
	step[side(), n] = word[3]
	down[side(), n] = word[4] != "NULL"
}
function queue(who,	i, j, parts, m) {
	for (i = 1; i <= count[who]; i++) {
		m = split(said[who, step[who, i]], parts, " ")
		if (name[who, i] == "scope") {
			instead = who i
			continue
		}
		for (j = 1; j <= m; j++) {
			split(parts[j], word, ":")
			at[who, word[1], ++length_of[who, word[1]]] = who i
			what[who, word[1], length_of[who, word[1]]] = word[2]
		}
	}
}
function column(who, group, last,	i, line) {
	for (i = 1; i <= count[who]; i++) {
		printf "\t%s%d [label=\"%s\", group=%s%s];\n", who, i, \
			name[who, i], group, \
			down[who, i] ? ", peripheries=2" : ""
		line = line who i " -> "
	}
	printf "\t%s%s [weight=9];\n", line, last
}
function messages(from, to,	i, type, style) {
	for (i = 1; i <= length_of[to, "waits"]; i++) {
		type = what[to, "waits", i]
		if (i > length_of[from, "sends"])
			break
		if (type != what[from, "sends", i])
			exit 1
		style = type == "MAPPED" ? " (user namespace)" : \
			type == "FD" ? " (terminal)" : \
			at["parent", from == "parent" ? "sends" : "waits", \
				i] ~ early ? " (hooks, limits)" : ""
		printf "\t%s -> %s [label=\"%s%s\", constraint=false%s];\n", \
			at[from, "sends", i], at[to, "waits", i], type, \
			style, style ? ", style=dashed" : ""
		if (type == "READY")
			printf "\t{ rank=same; %s; %s; }\n", \
				at[to, "waits", i], at[from, "sends", i]
	}
}
END {
	for (i = 1; i <= count["parent"]; i++)
		if (name["parent", i] ~ /^(limits|hooks)$/)
			early = early (early ? "|" : "") "^parent" i "$"
	queue("parent"); queue("child")
	print "digraph create {"
	print "\tnodesep=1.9; ranksep=0.2;"
	print "\tnode [shape=box, height=0.28, width=1.6];"
	print "\tparent [label=\"parent (create.c)\", shape=plaintext, group=p];"
	print "\tchild [label=\"child (child.c)\", shape=plaintext, group=c];"
	print "\tstart [label=\"start (start.c)\", style=rounded, group=p];"
	print "\twaits [label=\"accept_start\", style=rounded, group=c];"
	print "\tpayload [label=\"become_payload, execve\", style=rounded, group=c];"
	column("parent", "p", "start")
	column("child", "c", "waits -> payload")
	print "\tparent -> parent1 [style=invis]; child -> child1 [style=invis];"
	for (i = 1; i <= count["parent"]; i++)
		if (name["parent", i] == "clone") {
			printf "\t{ rank=same; parent%d; child; }\n", i
			printf "\tparent%d -> child1 [label=\"clone3\", " \
				"style=bold, constraint=false];\n", i
		}
	messages("parent", "child")
	printf "\t%s -> %s [label=\"GO (systemd)\", constraint=false, " \
		"style=dashed];\n", instead, at["child", "waits", 1]
	messages("child", "parent")
	print "\tstart -> waits [label=\"GO, by exec.sock\", constraint=false];"
	print "\tpayload -> start [label=\"EXEC, then end of file\", constraint=false];"
	print "\t{ rank=same; start; waits; }"
	print "}"
}' create.c child.c
