#!/bin/sh
# The targets of tests/fuzz, each for so many seconds: make fuzz.
#
#	sh tests/fuzz/run.sh fuzz 600 [NAME...]
#	sh tests/fuzz/run.sh keep 0 [NAME...]
#
# `keep` makes corpus/NAME anew from itself and from what was found: as few and
# as small inputs as reach the same places.
set -eu
cd "$(dirname "$0")/.."
what=$1 seconds=$2
shift 2
build=build/fuzz
[ $# -gt 0 ] || set -- $(make -s list-fuzz)

if ! command -v clang >/dev/null; then
	echo "fuzz: clang is missing, whose libFuzzer this is (apt: clang)" >&2
	exit 1
fi
for name; do
	make -s -j2 MODE=fuzz CC=clang "$build/fuzz_$name"
done

# rss: the sanitizers take their part of it.
limits="-timeout=20 -rss_limit_mb=2048 -max_len=16384"

fuzz()
{
	mkdir -p "$build/corpus/$1" "$build/found" "fuzz/corpus/$1"
	words=
	[ ! -f "fuzz/$1.dict" ] || words=-dict=fuzz/$1.dict
	echo "fuzz: $1, for $seconds seconds"
	if "$build/fuzz_$1" $limits $words -max_total_time="$seconds" \
		-artifact_prefix="$build/found/$1-" -print_final_stats=1 \
		"$build/corpus/$1" "fuzz/corpus/$1" 2>"$build/$1.log"
	then
		awk '/number_of_executed_units/ {
			print "fuzz: inputs tried:", $2
		}' "$build/$1.log"
	else
		tail -n 60 "$build/$1.log"
		echo "fuzz: $1 failed; the input is tests/$build/found/$1-*" >&2
		exit 1
	fi
}

keep()
{
	rm -rf "$build/kept"
	mkdir -p "$build/kept" "$build/corpus/$1"
	"$build/fuzz_$1" $limits -merge=1 "$build/kept" "fuzz/corpus/$1" \
		"$build/corpus/$1" 2>"$build/$1.log"
	rm -rf "fuzz/corpus/$1"
	mv "$build/kept" "fuzz/corpus/$1"
	echo "fuzz: $1 keeps $(ls "fuzz/corpus/$1" | wc -l) inputs"
}

for name; do
	"$what" "$name"
done
