# Write Docker Yourself, in C: every target, from the top of the repository.
# `make help` prints them; each line with two hashes is one of its rows.

MAKEFLAGS += --no-print-directory
JOBS := $(shell nproc 2>/dev/null || echo 1)
PARTS = ch01 ch02 ch03 ch04 ch05 ch06
RUN_TESTS = python3 -B tests/run.py
PROGRAMS = for part in ch0*/; do $(MAKE) -s -C $$part programs || exit; done

help:		## this page
	@echo "Write Docker Yourself, in C"
	@echo
	@echo "  make ch06 && sudo ./demo    the runtime, and a tour of it"
	@echo "  sudo make test              all tests"
	@echo
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-14s%s\n", $$1, $$2 }' \
		Makefile
	@echo
	@echo "  CC=clang, MODE=asan, WERROR=1 and BUILD=DIR work with ch01..ch06;"
	@echo "  so does MINE=\"ns sync\", which links your own lab/ns.c and lab/sync.c."

ch01:		## namespaces:          build, then: sudo ./demo
ch02:		## control groups:      build, then: sudo ./demo
ch03:		## union file systems:  build, then: sudo ./demo
ch04:		## root file systems:   build, then: sudo ./demo
ch05:		## networks:            build, then: sudo ./demo
ch06:		## the runtime:         build, then: sudo ./demo

# One rule for the six: build the chapter, leave a link to its program here.
BUILD ?= build
BUILT = $(BUILD)$(if $(filter asan,$(MODE)),/asan)
$(PARTS):
	@echo "$@: building $(wildcard $@-*)"
	@$(MAKE) -j$(JOBS) -C $(wildcard $@-*)
	@ln -sfn $(if $(filter /%,$(BUILT)),,$(wildcard $@-*)/)$(BUILT)/demo demo
	@echo "$@: ready.  Run it with: sudo ./demo"

all: $(PARTS)	## the six of them
.NOTPARALLEL:

book:		## the book as HTML, EPUB and PDF, into book/build/
	@sh ch01-namespaces/needs.sh book/needs
	@python3 -B book/build.py

check:		## no root: gcc and clang, unit tests (sanitized), repository rules
	@sh ch01-namespaces/needs.sh tests/needs
	@$(RUN_TESTS) build asan repo

check-root:	## as root: every chapter run for real, the host looked over after
	@sh ch01-namespaces/needs.sh tests/needs
	@$(RUN_TESTS) e2e

check-user:	## as root: chapter 6's verbs called by an ordinary user, with ids and without
	@sh ch01-namespaces/needs.sh tests/needs
	@$(RUN_TESTS) user

check-engines:	## as root: podman, containerd, Docker with our runtime [RUNTIME=crun]
	@sh ch01-namespaces/needs.sh tests/needs
	@$(RUN_TESTS) engines

check-oci:	## as root: the OCI specification, ours; or: make check-oci RUNTIME=crun
	@sh ch01-namespaces/needs.sh tests/needs
	@$(RUN_TESTS) oci

check-book:	## the book's transcripts and figures against this machine (root: all)
	@sh ch01-namespaces/needs.sh tests/needs
	@$(RUN_TESTS) book

book-update:	## as root: rewrites those that are no longer true; see git diff
	@$(PROGRAMS)
	@python3 -B tests/book/update.py

test:		## as root: installs what the tests need, then check and check-root
	@echo "test: looking for the packages the tests need (tests/needs)"
	@sh ch01-namespaces/needs.sh tests/needs
	@$(RUN_TESTS) build unit asan repo labs book e2e user oci engines

# KILLS, CYCLES and the like are what a test does less of otherwise.
check-long:	## as root: as many kills, cycles, crowds as promised; all of 6 as a user
	@sh ch01-namespaces/needs.sh tests/needs
	@for test in test_survival. test_oci_steps.Many. test_networks. \
		test_terminals.Bytes. test_monitor.Bars.; do \
		KILLS=500 CYCLES=1000 AT_ONCE=200 BYTES=1000000000 \
		MYDOCKER_TEST_NETWORK_SIZE=50 \
		$(RUN_TESTS) -k "$$test" e2e || exit; \
	done
	@for test in test_terminals. test_builder. test_storage. test_images. \
		test_registry. test_round_trip. test_names_inside. \
		test_everyday. test_debian. test_survival.; do \
		$(RUN_TESTS) -k "$$test" user || exit; \
	done

vm:		## one command in a VM, root's and cgroup v2: make vm CMD='uname -r'
	@sh ch01-namespaces/needs.sh tests/vm/needs
	@exec $(VM) "$$IN_VM"

check-vm:	## every experiment in that VM; also CGROUP=v1, CGROUP=hybrid
	@sh ch01-namespaces/needs.sh tests/vm/needs
	@$(PROGRAMS)
	@exec $(VM) "SLOWER=10 python3 -B tests/vm/check.py"

check-oci-vm:	## check-oci in that VM; also CGROUP=hybrid, RUNTIME=crun, K=test_root
	@sh ch01-namespaces/needs.sh tests/vm/needs
	@sh ch01-namespaces/needs.sh tests/needs
	@$(MAKE) -s -C ch06-final programs
	@exec $(VM) "SLOWER=20 RUNTIME=$(RUNTIME) $(RUN_TESTS) -k '$(K)' oci"

VM = python3 -B tests/vm/vm.py
# As it was typed: a dollar sign is for the shell in the guest.
vm: export IN_VM = $(value CMD)
check-vm check-oci-vm: export TIMEOUT ?= 3600

check-fresh:	## as root: the README's commands in a fresh Debian (debootstrap)
	@sh tests/fresh.sh

bench:		## as root: ours and the real tools side by side, as ratios
	@$(PROGRAMS)
	@python3 -B tests/bench/union.py $(ROWS)
	@python3 -B tests/bench/network.py
	@python3 -B tests/bench/start.py
	@python3 -B tests/bench/streams.py
	@python3 -B tests/bench/images.py

fuzz:		## random input, by clang's libFuzzer [TARGET=tar SECONDS=600]
	@sh tests/fuzz/run.sh fuzz "$(or $(SECONDS),60)" $(TARGET)

fuzz-keep:	## what it found worth trying, into tests/fuzz/corpus [TARGET=tar]
	@sh tests/fuzz/run.sh keep 0 $(TARGET)

doctor:		## what this machine has and lacks, and the cure for each lack
	@sh tests/doctor.sh

lab:		## your turn: make lab CH=ch01 writes starters into ch01-namespaces/lab
	@sh ch01-namespaces/needs.sh tests/labs/needs
	@python3 -B tests/labs/lab.py $(WHERE) "$(CH)"

grade:		## checks what you wrote: make grade CH=ch01 [HIDDEN=dir]
	@sh ch01-namespaces/needs.sh tests/labs/needs
	@python3 -B tests/labs/grade.py $(WHERE) $(MORE) "$(CH)"

watch:		## the same whenever you save a file, until Ctrl-C
	@sh ch01-namespaces/needs.sh tests/labs/needs
	@python3 -B tests/labs/watch.py $(WHERE) $(MORE) "$(CH)"

grade-all:	## as root: a class at once: FROM=submissions/ [CH=ch01 OUT=grades LIMIT=120]
	@python3 -B tests/labs/grade_all.py --chapter "$(or $(CH),ch01)" $(MORE) \
		--out "$(or $(OUT),grades)" --limit "$(or $(LIMIT),120)" "$(FROM)"

WHERE = $(if $(LAB),--lab "$(LAB)")
MORE = $(if $(HIDDEN),--hidden "$(HIDDEN)")

sync:		## carry each chapter's files to their copies in later chapters
	@python3 -B tests/repo/same.py --sync

clean:		## remove everything that was built
	@for part in ch0*/ tests/; do $(MAKE) -s -C $$part clean || exit; done
	rm -rf demo book/build

.PHONY: help $(PARTS) all book check check-root check-engines check-oci \
	check-book book-update test check-long vm check-vm check-oci-vm check-fresh lab \
	grade watch grade-all fuzz fuzz-keep doctor sync clean
