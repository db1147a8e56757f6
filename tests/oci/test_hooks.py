"""config.md: the hooks, six kinds of them; runtime.md: when they are called.

A hook is a shell's script: the host's, or busybox's for startContainer. All
write to one file, which the container has as /shared/log.
"""

import json
import os
import time

import conformance
import harness
from conformance import read

CREATING = ("prestart", "createRuntime", "createContainer")
KINDS = CREATING + ("startContainer", "poststart", "poststop")
HOST_KINDS = tuple(kind for kind in KINDS if kind != "startContainer")
IN_CONTAINER = ("createContainer", "startContainer")
TYPES = ("mnt", "uts", "ipc", "net")


class Hooks(conformance.Conformance):
    def shared(self, config):
        """A directory that hooks and program see; config has it in /shared."""
        place = self.scratch()
        os.chmod(place, 0o777)
        config["mounts"].append({"destination": "/shared", "source": place,
                                 "options": ["bind"]})
        config["hooks"] = {}
        self.log = place + "/log"
        self.place_of_log = place
        conformance.write(self.log, "")
        return place

    def hook(self, kind, script, **more):
        """In the script, $D is the directory of the log."""
        where = "/shared" if kind == "startContainer" else self.place_of_log
        return {"path": "/bin/sh", "env": ["PATH=/usr/bin:/bin", "D=" + where],
                "args": ["sh", "-c", script], **more}

    def add(self, config, kind, script, **more):
        config["hooks"].setdefault(kind, []).append(
            self.hook(kind, script, **more))

    def logging(self, script="true", kinds=KINDS):
        """A configuration with one hook of each kind, that says so."""
        config = self.config(script)
        self.shared(config)
        for kind in kinds:
            self.add(config, kind, "cat > /dev/null; echo %s >> $D/log" % kind)
        return config

    def logged(self):
        return read(self.log).split()


class Order(Hooks):
    def test_when_each_is_called(self):
        """
        runtime.md, Lifecycle, 5: "The `prestart` hooks MUST be invoked by the
        runtime."
        runtime.md, Lifecycle, 7: "The `createRuntime` hooks MUST be invoked by
        the runtime."
        runtime.md, Lifecycle, 9: "The `createContainer` hooks MUST be invoked
        by the runtime."
        runtime.md, Lifecycle, 11: "The `startContainer` hooks MUST be invoked
        by the runtime."
        runtime.md, Lifecycle, 17: "The `poststop` hooks MUST be invoked by the
        runtime."
        config.md, StartContainer Hooks, 1: "The `startContainer` hooks MUST be
        called before the user-specified process is executed as part of the
        `start` operation."
        config.md, Poststop, 1: "The `poststop` hooks MUST be called after the
        container is deleted but before the `delete` operation returns."
        """
        config = self.logging("echo program >> /shared/log",
                              [kind for kind in KINDS if kind != "poststart"])
        container = self.create(config)
        self.assertEqual(self.logged(), list(CREATING))
        container.start()
        container.wait()
        self.assertEqual(self.logged(),
                         [*CREATING, "startContainer", "program"])
        container.delete()
        self.assertEqual(self.logged(), [*CREATING, "startContainer",
                                         "program", "poststop"])

    def test_poststart(self):
        """
        runtime.md, Lifecycle, 14: "The `poststart` hooks MUST be invoked by
        the runtime."
        config.md, Poststart, 1: "The `poststart` hooks MUST be called after
        the user-specified process is executed but before the `start` operation
        returns."
        """
        container = self.create(self.logging("sleep 60", ["poststart"]))
        self.assertEqual(self.logged(), [])
        container.start()
        self.assertEqual(self.logged(), ["poststart"])

    def test_poststart_finds_the_program(self):
        """
        config.md, Poststart, 1: "The `poststart` hooks MUST be called after
        the user-specified process is executed but before the `start` operation
        returns."

        A hook that is told of a program which is not there yet may well fail.
        """
        config = self.config("sleep 60")
        config["process"]["args"] = ["/bin/sleep", "60"]
        self.shared(config)
        self.add(config, "poststart", "pid=$(grep -o '\"pid\": *[0-9]*' | "
                 "grep -o '[0-9]*'); cat /proc/$pid/cmdline > $D/seen")
        place = self.place_of_log
        container = self.create(config)
        self.assertFalse(os.path.exists(place + "/seen"))
        container.start()
        self.assertEqual(read(place + "/seen"), "/bin/sleep\x0060\x00")

    def test_listed_order(self):
        """
        config.md, POSIX-platform Hooks, 7: "Hooks MUST be called in the listed
        order."
        config.md, Prestart, 2: "The `prestart` hooks MUST be called before the
        `createRuntime` hooks."
        config.md, CreateContainer Hooks, 2: "The `createContainer` hooks MUST
        be called after the `createRuntime` hooks."

        The object's own order means nothing.
        """
        config = self.config()
        self.shared(config)
        for kind in reversed(KINDS):
            for number in range(3):
                # The first is the slowest.
                self.add(config, kind, "cat > /dev/null; sleep 0.0%d; "
                         "echo %s.%d >> $D/log" % (2 - number, kind, number))
        container = self.started(config)
        container.wait()
        container.delete()
        called = self.logged()
        for kind in KINDS:
            self.assertEqual([word for word in called if
                              word.startswith(kind + ".")],
                             ["%s.%d" % (kind, n) for n in range(3)])
        self.assertEqual(called[:9], ["%s.%d" % (kind, n) for kind in CREATING
                                      for n in range(3)])

    def test_poststop_after_all_is_gone(self):
        """
        config.md, Poststop, 1: "The `poststop` hooks MUST be called after the
        container is deleted but before the `delete` operation returns."
        """
        name = self.name()
        config = self.config()
        self.shared(config)
        config["linux"]["cgroupsPath"] = "/" + name
        self.add(config, "poststop", "cat > /dev/null; ls -d %s > $D/log" %
                 " ".join("%s/%s" % (place, name) for place in
                          conformance.HIERARCHIES.values()))
        container = self.started(config, name=name)
        container.wait()
        container.delete()
        self.assertEqual(self.logged(), [])


class Environment(Hooks):
    def test_arguments(self):
        """
        config.md, POSIX-platform Hooks, 3: "`args` (array of strings,
        OPTIONAL) with the same semantics as IEEE Std 1003.1-2008 `execv`'s
        *argv*."
        """
        config = self.config()
        self.shared(config)
        # (A shell that made its last command itself would be read no more.)
        script = "cat > /dev/null; exec 3< /proc/self/cmdline; " \
                 "tr '\\0' '\\n' <&3 > $D/%s; true"
        for kind in KINDS:
            self.add(config, kind, script % kind)
            config["hooks"][kind][0]["args"][0] = "ash"
            config["hooks"][kind][0]["args"] += ["", "a b"]
        self.go_through(config)
        for kind in KINDS:
            words = read("%s/%s" % (self.place_of_log, kind)).split("\n")
            self.assertEqual(words, ["ash", "-c", script % kind, "",
                                     "a b", ""], kind)

    def test_environment(self):
        """
        config.md, POSIX-platform Hooks, 4: "`env` (array of strings, OPTIONAL)
        with the same semantics as IEEE Std 1003.1-2008's `environ`."

        What is listed, and nothing of the runtime's own.
        """
        config = self.config()
        self.shared(config)
        for kind in KINDS:
            self.add(config, kind, "cat > /dev/null; "
                     "exec 3< /proc/self/environ; "
                     "tr '\\0' '\\n' <&3 > $D/%s; true" % kind)
            config["hooks"][kind][0]["env"] += ["A=1=2", "EMPTY="]
        self.go_through(config, env=conformance.harness.environment(
            SECRET="of the caller"))
        for kind in KINDS:
            words = read("%s/%s" % (self.place_of_log, kind)).split("\n")
            self.assertEqual(words[:-1], config["hooks"][kind][0]["env"], kind)

    def go_through(self, config, **more):
        container = self.create(config, **more)
        self.succeed("start", container.name, **more)
        container.wait()
        self.succeed("delete", container.name, **more)

    def test_state_on_stdin(self):
        """
        config.md, POSIX-platform Hooks, 8: "The state of the container MUST be
        passed to hooks over stdin so that they may do work appropriate to the
        current state of the container."
        runtime.md, State, 1: "`ociVersion` (string, REQUIRED) is version of
        the Open Container Initiative Runtime Specification with which the
        state complies."
        runtime.md, State, 2: "`id` (string, REQUIRED) is the container's ID."
        runtime.md, State, 9: "`bundle` (string, REQUIRED) is the absolute path
        to the container's bundle directory."
        runtime.md, State, 10: "`annotations` (map, OPTIONAL) contains the list
        of annotations associated with the container."
        """
        states, container = self.states()
        for kind in KINDS:
            state = states[kind]
            self.assertEqual(state["id"], container.name, kind)
            self.assertEqual(state["bundle"], container.bundle, kind)
            self.assertRegex(state["ociVersion"], r"^\d+\.\d+\.\d+", kind)
            self.assertEqual(state["annotations"]["a"], "b", kind)

    def test_status_on_stdin(self):
        """
        config.md, POSIX-platform Hooks, 8: "The state of the container MUST be
        passed to hooks over stdin so that they may do work appropriate to the
        current state of the container."
        runtime.md, State, 4: "`status` (string, REQUIRED) is the runtime state
        of the container."

        `creating` is until create has finished, `created` until the program
        is executed, `stopped` when it has exited.

        Neither crun nor runc gets all of them right: crun tells those of create
        that it is over, runc (of this age) calls poststart in create.
        """
        said = {kind: state["status"] for kind, state in
                self.states()[0].items()}
        self.assertEqual(said, {
            "prestart": "creating", "createRuntime": "creating",
            "createContainer": "creating", "startContainer": "created",
            "poststart": "running", "poststop": "stopped"})

    def states(self):
        """({kind: what it was told}, the container)."""
        config = self.config("sleep 60")
        self.shared(config)
        config["annotations"] = {"a": "b"}
        for kind in KINDS:
            self.add(config, kind, "cat > $D/" + kind)
        container = self.create(config)
        container.start()
        container.kill()
        container.wait()
        container.delete()
        return {kind: json.loads(read("%s/%s" % (self.place_of_log, kind)))
                for kind in KINDS}, container

    def test_pid_as_the_runtime_sees_it(self):
        """
        runtime.md, State, 7: "For hooks executed in the runtime namespace, it
        is the pid as seen by the runtime."
        """
        states, container = self.states()
        for kind in ("prestart", "createRuntime", "poststart"):
            self.assertEqual(states[kind]["pid"], container.pid, kind)

    def test_pid_as_the_container_sees_it(self):
        """
        runtime.md, State, 8: "For hooks executed in the container namespace,
        it is the pid as seen by the container."

        """
        states = self.states()[0]
        for kind in IN_CONTAINER:
            self.assertEqual(states[kind]["pid"], 1, kind)


class Places(Hooks):
    def test_namespaces(self):
        """
        config.md, Prestart, 4: "The `prestart` hooks MUST be executed in the
        runtime namespace."
        config.md, CreateRuntime Hooks, 3: "The `createRuntime` hooks MUST be
        executed in the runtime namespace."
        config.md, CreateContainer Hooks, 4: "The `createContainer` hooks MUST
        be executed in the container namespace."
        config.md, StartContainer Hooks, 3: "The `startContainer` hooks MUST be
        executed in the container namespace."
        config.md, Poststart, 3: "The `poststart` hooks MUST be executed in the
        runtime namespace."
        config.md, Poststop, 3: "The `poststop` hooks MUST be executed in the
        runtime namespace."
        """
        config = self.config("sleep 60")
        self.shared(config)
        for kind in KINDS:
            self.add(config, kind, "cat > /dev/null; for i in %s; do "
                     "readlink /proc/self/ns/$i; done > $D/%s" %
                     (" ".join(TYPES), kind))
        container = self.create(config)
        spaces = {pid: [os.readlink("/proc/%s/ns/%s" % (pid, kind))
                        for kind in TYPES]
                  for pid in ("self", container.pid)}
        container.start()
        container.kill()
        container.wait()
        container.delete()
        for kind in KINDS:
            seen = read("%s/%s" % (self.place_of_log, kind)).split()
            wanted = container.pid if kind in IN_CONTAINER else "self"
            self.assertEqual(seen, spaces[wanted], kind)

    def test_path_of_the_host(self):
        """
        config.md, Prestart, 3: "The `prestart` hooks' path MUST resolve in the
        runtime namespace."
        config.md, CreateRuntime Hooks, 2: "The `createRuntime` hooks' path
        MUST resolve in the runtime namespace."
        config.md, CreateContainer Hooks, 3: "The `createContainer` hooks' path
        MUST resolve in the runtime namespace."
        config.md, Poststart, 2: "The `poststart` hooks' path MUST resolve in
        the runtime namespace."
        config.md, Poststop, 2: "The `poststop` hooks' path MUST resolve in the
        runtime namespace."
        config.md, POSIX-platform Hooks, 1: "`path` (string, REQUIRED) with
        similar semantics to IEEE Std 1003.1-2008 `execv`'s *path*."

        A program that is on the host only.
        """
        config = self.config("sleep 60")
        place = self.shared(config)
        program = self.scratch() + "/hook"
        conformance.write(program, "#!/bin/sh\ncat > /dev/null\n"
                          "echo $1 >> %s/log\n" % place, 0o755)
        for kind in HOST_KINDS:
            config["hooks"][kind] = [{"path": program, "args": ["hook", kind]}]
        container = self.started(config)
        container.kill()
        container.wait()
        container.delete()
        self.assertEqual(self.logged(), list(HOST_KINDS))

    def test_path_of_the_container(self):
        """
        config.md, StartContainer Hooks, 2: "The `startContainer` hooks' path
        MUST resolve in the container namespace."

        A program that is in the container only.
        """
        config = self.config()
        self.shared(config)
        bundle = self.bundle()
        conformance.write(bundle + "/rootfs/hook", "#!/bin/sh\n"
                          "cat > /dev/null\necho $0 $1 >> /shared/log\n",
                          0o755)
        config["hooks"]["startContainer"] = [
            {"path": "/hook", "args": ["hook", "one"]}]
        self.write_config(bundle, config)
        container = self.started(None, bundle=bundle)
        container.wait()
        self.assertEqual(self.logged(), ["/hook", "one"])

    def seen_while_creating(self, kind, script):
        config = self.config("sleep 60")
        self.shared(config)
        self.add(config, kind, script)
        container = self.create(config)
        return read(self.place_of_log + "/seen"), container

    def hold_before_pivot(self, kind):
        """The container has its namespaces and mounts, not yet its root."""
        script = ("pid=$(grep -o '\"pid\": *[0-9]*' | grep -o '[0-9]*'); "
                  "(cat /proc/$pid/mountinfo; echo ===; "
                  "readlink /proc/$pid/ns/uts; "
                  "[ -e /proc/$pid/root%s ] && echo host) > $D/seen" %
                  conformance.HERE)
        if kind == "createContainer":
            # It may be that the pid is one's own there, or another's /proc.
            script = ("cat > /dev/null; (cat /proc/self/mountinfo; echo ===; "
                      "readlink /proc/self/ns/uts; [ -e %s ] && echo host) "
                      "> $D/seen" % conformance.HERE)
        seen, container = self.seen_while_creating(kind, script)
        table, rest = seen.split("===\n")
        rootfs = container.bundle + "/rootfs"
        points = conformance.mounts(table)
        for point in ("/proc", "/dev/shm", "/shared"):
            self.assertIn(rootfs + point, points, seen)
        self.assertEqual(rest.split(), [
            os.readlink("/proc/%d/ns/uts" % container.pid), "host"])

    def test_prestart_is_before_the_root(self):
        """
        config.md, Prestart, 1: "The `prestart` hooks MUST be called as part of
        the `create` operation after the runtime environment has been created
        (according to the configuration in config.json) but before the
        `pivot_root` or any equivalent operation has been executed."
        """
        self.hold_before_pivot("prestart")

    def test_create_runtime_is_before_the_root(self):
        """
        config.md, CreateRuntime Hooks, 1: "The `createRuntime` hooks MUST be
        called as part of the `create` operation after the runtime environment
        has been created (according to the configuration in config.json) but
        before the `pivot_root` or any equivalent operation has been executed."
        """
        self.hold_before_pivot("createRuntime")

    def test_create_container_is_before_the_root(self):
        """
        config.md, CreateContainer Hooks, 1: "The `createContainer` hooks MUST
        be called as part of the `create` operation after the runtime
        environment has been created (according to the configuration in
        config.json) but before the `pivot_root` or any equivalent operation
        has been executed."
        """
        self.hold_before_pivot("createContainer")

    def test_start_container_has_the_root(self):
        """
        config.md, StartContainer Hooks, 3: "The `startContainer` hooks MUST be
        executed in the container namespace."
        """
        config = self.config()
        self.shared(config)
        self.add(config, "startContainer", "cat > /dev/null; ls / > $D/seen")
        container = self.started(config)
        container.wait()
        seen = read(self.place_of_log + "/seen").split()
        self.assertIn("shared", seen)
        self.assertNotIn("var", seen)


class Failures(Hooks):
    def hold_failure_in_create(self, kind, hook):
        """Error, stopped, destroyed, and poststop called."""
        config = self.logging("echo program >> /shared/log",
                              [kind, "startContainer", "poststart",
                               "poststop"])
        config["hooks"][kind].append(hook)
        bundle = self.bundle(config)
        self.refused(config, bundle=bundle)
        self.assertEqual(os.listdir(self.root), [])
        self.assertEqual(self.logged(), [kind, "poststop"])

    def hold_exit(self, kind):
        self.hold_failure_in_create(
            kind, {"path": "/bin/sh", "args": ["sh", "-c", "exit 3"]})

    def test_prestart(self):
        """
        runtime.md, Lifecycle, 6: "If any `prestart` hook fails, the runtime
        MUST generate an error, stop the container, and continue the lifecycle
        at step 12."
        runtime.md, Lifecycle, 17: "The `poststop` hooks MUST be invoked by the
        runtime."
        """
        self.hold_exit("prestart")

    def test_create_runtime(self):
        """
        runtime.md, Lifecycle, 8: "If any `createRuntime` hook fails, the
        runtime MUST generate an error, stop the container, and continue the
        lifecycle at step 12."
        runtime.md, Lifecycle, 17: "The `poststop` hooks MUST be invoked by the
        runtime."
        """
        self.hold_exit("createRuntime")

    def test_create_container(self):
        """
        runtime.md, Lifecycle, 10: "If any `createContainer` hook fails, the
        runtime MUST generate an error, stop the container, and continue the
        lifecycle at step 12."
        runtime.md, Lifecycle, 17: "The `poststop` hooks MUST be invoked by the
        runtime."
        """
        self.hold_exit("createContainer")

    def test_create_fails(self):
        """
        runtime.md, Lifecycle, 6: "If any `prestart` hook fails, the runtime
        MUST generate an error, stop the container, and continue the lifecycle
        at step 12."
        runtime.md, Lifecycle, 8: "If any `createRuntime` hook fails, the
        runtime MUST generate an error, stop the container, and continue the
        lifecycle at step 12."
        runtime.md, Lifecycle, 10: "If any `createContainer` hook fails, the
        runtime MUST generate an error, stop the container, and continue the
        lifecycle at step 12."

        Without a look at poststop.
        """
        for kind in CREATING:
            config = self.config("echo program >> /shared/log")
            self.shared(config)
            self.add(config, kind, "exit 3")
            self.refused(config, why=kind)
            self.assertEqual(os.listdir(self.root), [], kind)
            self.assertEqual(self.logged(), [], kind)

    def test_start_container(self):
        """
        runtime.md, Lifecycle, 12: "If any `startContainer` hook fails, the
        runtime MUST generate an error, stop the container, and continue the
        lifecycle at step 12."

        Neither crun nor runc waits for them: start has returned, and without an
        error, before they have failed. An engine would call that started.
        """
        config = self.logging("echo program >> /shared/log",
                              ["startContainer"])
        self.add(config, "startContainer", "exit 3")
        container = self.create(config)
        self.assert_error("start", container.name)
        self.assertEqual(self.logged(), ["startContainer"])
        self.assertFalse(conformance.exists(container.pid))

    def test_start_container_destroys(self):
        """
        runtime.md, Lifecycle, 12: "If any `startContainer` hook fails, the
        runtime MUST generate an error, stop the container, and continue the
        lifecycle at step 12."
        runtime.md, Lifecycle, 17: "The `poststop` hooks MUST be invoked by the
        runtime."

        Neither crun nor runc goes on to step 12: the container is left
        stopped. An engine that follows the sentence asks no more after it.
        """
        config = self.logging("echo program >> /shared/log",
                              ["startContainer", "poststop"])
        self.add(config, "startContainer", "exit 3")
        container = self.create(config)
        self.call("start", container.name)
        self.assertFalse(conformance.exists(container.pid))
        self.assert_unknown(container.name)
        self.assertEqual(self.logged(), ["startContainer", "poststop"])

    def test_poststart(self):
        """
        runtime.md, Lifecycle, 15: "If any `poststart` hook fails, the runtime
        MUST generate an error, stop the container, and continue the lifecycle
        at step 12."

        A warning was enough until version 1.2.1. Neither crun nor runc in
        these versions knows better.
        """
        config = self.logging("sleep 60", ["poststop"])
        self.add(config, "poststart", "exit 3")
        container = self.create(config)
        self.assert_error("start", container.name)
        self.assertFalse(conformance.exists(container.pid))
        self.assert_unknown(container.name)
        self.assertEqual(self.logged(), ["poststop"])

    def test_poststop(self):
        """
        runtime.md, Lifecycle, 18: "If any `poststop` hook fails, the runtime
        MUST log a warning, but the remaining hooks and lifecycle continue as
        if the hook had succeeded."
        runtime.md, Warnings, 1: "Unless otherwise stated, logging a warning
        does not change the flow of the operation; it MUST continue as if the
        warning had not been logged."

        Neither crun nor runc gets both right: crun does not warn, and of runc's
        hooks the first that fails is the last.
        """
        config = self.config()
        self.shared(config)
        self.add(config, "poststop", "cat >/dev/null; echo one >>$D/log; exit 3")
        self.add(config, "poststop", "cat >/dev/null; echo two >>$D/log")
        container = self.started(config)
        container.wait()
        done = self.succeed("delete", container.name)
        self.assertEqual(self.logged(), ["one", "two"])
        self.assert_unknown(container.name)
        self.assertNotEqual(done.text.strip(), "", "there is no warning")

    def test_a_program_that_is_not_there(self):
        """
        runtime.md, Lifecycle, 8: "If any `createRuntime` hook fails, the
        runtime MUST generate an error, stop the container, and continue the
        lifecycle at step 12."
        """
        config = self.config()
        self.shared(config)
        config["hooks"]["createRuntime"] = [{"path": "/nonexistent/hook"}]
        self.refused(config)

    def test_killed_by_a_signal(self):
        """
        runtime.md, Lifecycle, 8: "If any `createRuntime` hook fails, the
        runtime MUST generate an error, stop the container, and continue the
        lifecycle at step 12."
        """
        config = self.config()
        self.shared(config)
        self.add(config, "createRuntime", "kill -9 $$")
        self.refused(config)

    def test_that_does_not_read(self):
        """
        config.md, POSIX-platform Hooks, 8: "The state of the container MUST be
        passed to hooks over stdin so that they may do work appropriate to the
        current state of the container."

        A hook that has no use for the state is no failure.
        """
        config = self.config()
        self.shared(config)
        config["annotations"] = {"long": "x" * 200000}
        for kind in KINDS:
            config["hooks"][kind] = [{"path": "/bin/true"}]
        container = self.started(config)
        container.wait()
        container.delete()


class Timeout(Hooks):
    """What a hook that is late means is what one that fails does."""

    def late(self, kind, **others):
        """A configuration whose hook of this kind would take ten minutes."""
        config = self.config("sleep 60")
        self.shared(config)
        self.add(config, kind, "echo $$ > $D/pid; exec sleep 600", timeout=1)
        for other, script in others.items():
            self.add(config, other, script)
        return config

    def in_time(self, function):
        """What it returns, which it does soon."""
        began = time.monotonic()
        result = function()
        self.assertLess(time.monotonic() - began, 20 * harness.SLOWER)
        return result

    def hold_gone(self):
        """Of the host's: the number is not one of the container's."""
        pid = int(read(self.place_of_log + "/pid"))
        conformance.until(lambda: not conformance.exists(pid), "it is gone")

    def hold_aborted_in_create(self, kind):
        config = self.late(kind, poststop="echo poststop >> $D/log")
        self.in_time(lambda: self.refused(config, why=kind))
        self.assertEqual(os.listdir(self.root), [])
        self.assertEqual(self.logged(), ["poststop"])

    def test_prestart(self):
        """
        config.md, POSIX-platform Hooks, 5: "`timeout` (int, OPTIONAL) is the
        number of seconds before aborting the hook."
        runtime.md, Lifecycle, 6: "If any `prestart` hook fails, the runtime
        MUST generate an error, stop the container, and continue the lifecycle
        at step 12."
        """
        self.hold_aborted_in_create("prestart")
        self.hold_gone()

    def test_create_runtime(self):
        """
        config.md, POSIX-platform Hooks, 5: "`timeout` (int, OPTIONAL) is the
        number of seconds before aborting the hook."
        runtime.md, Lifecycle, 8: "If any `createRuntime` hook fails, the
        runtime MUST generate an error, stop the container, and continue the
        lifecycle at step 12."
        """
        self.hold_aborted_in_create("createRuntime")
        self.hold_gone()

    def test_create_container(self):
        """
        config.md, POSIX-platform Hooks, 5: "`timeout` (int, OPTIONAL) is the
        number of seconds before aborting the hook."
        runtime.md, Lifecycle, 10: "If any `createContainer` hook fails, the
        runtime MUST generate an error, stop the container, and continue the
        lifecycle at step 12."
        """
        self.hold_aborted_in_create("createContainer")

    def test_it_is_aborted(self):
        """
        config.md, POSIX-platform Hooks, 5: "`timeout` (int, OPTIONAL) is the
        number of seconds before aborting the hook."
        runtime.md, Lifecycle, 8: "If any `createRuntime` hook fails, the
        runtime MUST generate an error, stop the container, and continue the
        lifecycle at step 12."

        Without a look at poststop.
        """
        config = self.late("createRuntime")
        self.in_time(lambda: self.refused(config))
        self.hold_gone()

    def hold_aborted_in_start(self, kind):
        container = self.create(self.late(
            kind, poststop="echo poststop >> $D/log"))
        self.in_time(lambda: self.assert_error("start", container.name))
        self.assertFalse(conformance.exists(container.pid))
        self.assert_unknown(container.name)
        self.assertEqual(self.logged(), ["poststop"])

    def test_start_container(self):
        """
        config.md, POSIX-platform Hooks, 5: "`timeout` (int, OPTIONAL) is the
        number of seconds before aborting the hook."
        runtime.md, Lifecycle, 12: "If any `startContainer` hook fails, the
        runtime MUST generate an error, stop the container, and continue the
        lifecycle at step 12."

        Neither crun nor runc waits for them, late or not: see
        Failures.test_start_container.
        """
        self.hold_aborted_in_start("startContainer")

    def test_poststart(self):
        """
        config.md, POSIX-platform Hooks, 5: "`timeout` (int, OPTIONAL) is the
        number of seconds before aborting the hook."
        runtime.md, Lifecycle, 15: "If any `poststart` hook fails, the runtime
        MUST generate an error, stop the container, and continue the lifecycle
        at step 12."

        Neither crun nor runc in these versions knows that it is more than a
        warning: see Failures.test_poststart.
        """
        self.hold_aborted_in_start("poststart")
        self.hold_gone()

    def test_poststop(self):
        """
        config.md, POSIX-platform Hooks, 5: "`timeout` (int, OPTIONAL) is the
        number of seconds before aborting the hook."
        runtime.md, Lifecycle, 18: "If any `poststop` hook fails, the runtime
        MUST log a warning, but the remaining hooks and lifecycle continue as
        if the hook had succeeded."

        Neither crun nor runc gets both right: see Failures.test_poststop.
        """
        config = self.late("poststop", poststop="echo next >> $D/log")
        container = self.create(config)
        container.start()
        container.kill()
        container.wait()
        done = self.in_time(container.delete)
        self.assertEqual(self.logged(), ["next"])
        self.assert_unknown(container.name)
        self.assertNotEqual(done.text.strip(), "", "there is no warning")
        self.hold_gone()

    def test_in_time(self):
        """
        config.md, POSIX-platform Hooks, 5: "`timeout` (int, OPTIONAL) is the
        number of seconds before aborting the hook."
        """
        config = self.logging()
        for kind in KINDS:
            config["hooks"][kind][0]["timeout"] = int(20 * harness.SLOWER)
        began = time.monotonic()
        container = self.started(config)
        container.wait()
        container.delete()
        self.assertLess(time.monotonic() - began, 20 * harness.SLOWER)
        self.assertEqual(sorted(self.logged()), sorted(KINDS))

    def test_values(self):
        """
        config.md, POSIX-platform Hooks, 6: "If set, `timeout` MUST be greater
        than zero."
        """
        for timeout in (0, -1):
            config = self.config()
            self.shared(config)
            self.add(config, "createRuntime", "cat > /dev/null",
                     timeout=timeout)
            self.refused(config, why="a timeout of %d" % timeout)

    def test_relative_path(self):
        """
        config.md, POSIX-platform Hooks, 2: "This specification extends the
        IEEE standard in that `path` MUST be absolute."

        Neither crun nor runc looks at all six kinds: what the container's
        process executes is taken as it is, from its working directory.
        """
        for kind in KINDS:
            config = self.config()
            self.shared(config)
            config["hooks"][kind] = [{"path": "bin/true"}]
            self.refused(config, why="bin/true as a %s hook" % kind)

    def test_no_path(self):
        """
        config.md, POSIX-platform Hooks, 1: "`path` (string, REQUIRED) with
        similar semantics to IEEE Std 1003.1-2008 `execv`'s *path*."
        """
        config = self.config()
        self.shared(config)
        config["hooks"]["createRuntime"] = [{"args": ["true"]}]
        self.refused(config)
