"""runtime.md and runtime-linux.md: the state, the lifecycle, the operations."""

import json
import os
import re
import signal

import conformance

STATUSES = ("creating", "created", "running", "stopped")
SEMVER = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")


def namespaces(pid):
    """{type: the namespace} of a process."""
    found = {}
    for kind in ("mnt", "pid", "net", "ipc", "uts"):
        found[kind] = os.readlink("/proc/%s/ns/%s" % (pid, kind))
    return found


class State(conformance.Conformance):
    def hold_schema(self, state):
        """schema/state-schema.json, in Python."""
        kinds = {"ociVersion": str, "id": str, "status": str, "pid": int,
                 "bundle": str, "annotations": dict}
        for key in ("ociVersion", "id", "status", "bundle"):
            self.assertIn(key, state)
        for key, kind in kinds.items():
            if key in state:
                self.assertIsInstance(state[key], kind, key)
        self.assertIn(state["status"], STATUSES)
        self.assertGreaterEqual(state.get("pid", 0), 0)
        for value in (state.get("annotations") or {}).values():
            self.assertIsInstance(value, str)

    def test_of_a_created_container(self):
        """
        runtime.md, State, 1: "`ociVersion` (string, REQUIRED) is version of
        the Open Container Initiative Runtime Specification with which the
        state complies."
        runtime.md, State, 2: "`id` (string, REQUIRED) is the container's ID."
        runtime.md, State, 4: "`status` (string, REQUIRED) is the runtime state
        of the container."
        runtime.md, State, 6: "`pid` (int, REQUIRED when `status` is `created`
        or `running` on Linux, OPTIONAL on other platforms) is the ID of the
        container process."
        runtime.md, State, 9: "`bundle` (string, REQUIRED) is the absolute path
        to the container's bundle directory."
        runtime.md, State, 11: "When serialized in JSON, the format MUST adhere
        to the JSON Schema `schema/state-schema.json`."
        runtime.md, Query State, 3: "This operation MUST return the state of a
        container as specified in the State section."
        """
        container = self.create(self.config())
        state = container.state()
        self.hold_schema(state)
        self.assertRegex(state["ociVersion"], SEMVER)
        self.assertEqual(state["id"], container.name)
        self.assertEqual(state["status"], "created")
        self.assertEqual(state["pid"], container.pid)
        self.assertTrue(conformance.exists(state["pid"]))
        self.assertEqual(state["bundle"], container.bundle)

    def test_of_a_running_container(self):
        """
        runtime.md, State, 4: "`status` (string, REQUIRED) is the runtime state
        of the container."
        runtime.md, State, 6: "`pid` (int, REQUIRED when `status` is `created`
        or `running` on Linux, OPTIONAL on other platforms) is the ID of the
        container process."
        runtime.md, Query State, 3: "This operation MUST return the state of a
        container as specified in the State section."
        """
        container = self.running()
        state = container.state()
        self.hold_schema(state)
        self.assertEqual(state["status"], "running")
        self.assertEqual(state["pid"], container.pid)

    def test_of_a_stopped_container(self):
        """
        runtime.md, State, 4: "`status` (string, REQUIRED) is the runtime state
        of the container."
        runtime.md, State, 11: "When serialized in JSON, the format MUST adhere
        to the JSON Schema `schema/state-schema.json`."
        runtime.md, Query State, 3: "This operation MUST return the state of a
        container as specified in the State section."
        """
        container = self.started(self.config("exit 3"))
        self.assertEqual(container.wait(), 3)
        state = container.state()
        self.hold_schema(state)
        self.assertEqual(state["status"], "stopped")
        self.assertEqual(state["bundle"], container.bundle)

    def test_of_a_zombie(self):
        """
        runtime.md, State, 4: "`status` (string, REQUIRED) is the runtime state
        of the container."

        A process that nobody has waited for has exited.
        """
        container = self.started(self.config())
        conformance.until(lambda: not conformance.exists(container.pid),
                          "its program ends")
        self.assertEqual(container.state()["status"], "stopped")
        container.wait()

    def test_bundle_is_absolute(self):
        """
        runtime.md, State, 9: "`bundle` (string, REQUIRED) is the absolute path
        to the container's bundle directory."

        However it was given.
        """
        bundle = self.bundle(self.config())
        name = self.name()
        container = conformance.Container(self, name, bundle)
        self.containers.append(container)
        self.succeed("create", "--bundle", "rootfs/..", "--pid-file",
                     bundle + "/pid", name, cwd=bundle, out=bundle + "/out")
        container.pid = int(conformance.read(bundle + "/pid"))
        said = container.state()["bundle"]
        self.assertTrue(os.path.isabs(said), said)
        self.assertTrue(os.path.samefile(said, bundle), said)

    def test_annotations(self):
        """
        runtime.md, State, 10: "`annotations` (map, OPTIONAL) contains the list
        of annotations associated with the container."
        config.md, Annotations, 1: "Annotations MUST be a key-value map."
        config.md, Annotations, 6: "Values MAY be an empty string."
        """
        config = self.config()
        config["annotations"] = {"com.example.key": "a \"value\"",
                                 "com.example.empty": ""}
        state = self.create(config).state()
        self.hold_schema(state)
        # A runtime may add some of its own.
        for key, value in config["annotations"].items():
            self.assertEqual(state["annotations"].get(key), value)

    def test_without_annotations(self):
        """
        runtime.md, State, 10: "`annotations` (map, OPTIONAL) contains the list
        of annotations associated with the container."
        """
        state = self.create(self.config()).state()
        self.assertFalse(state.get("annotations"))

    def test_a_status_more(self):
        """
        runtime.md, State, 5: "Additional values MAY be defined by the runtime,
        however, they MUST be used to represent new runtime states not defined
        above."

        A paused container is none of the four.
        """
        if not conformance.V2:
            self.need_controller("freezer")
        container = self.running()
        self.succeed("pause", container.name)
        try:
            self.assertNotIn(container.state()["status"], STATUSES)
        finally:
            self.succeed("resume", container.name)
        self.assertEqual(container.state()["status"], "running")


class Lifecycle(conformance.Conformance):
    def test_created(self):
        """
        runtime.md, Lifecycle, 1: "The container's runtime environment MUST be
        created according to the configuration in `config.json`."
        runtime.md, Lifecycle, 3: "While the resources requested in the
        `config.json` MUST be created, the user-specified program (from
        `process`) MUST NOT be run at this time."
        runtime.md, Create, 3: "This operation MUST create a new container."
        runtime.md, Create, 4: "All of the properties configured in
        `config.json` except for `process` MUST be applied."
        runtime.md, Create, 5: "`process.args` MUST NOT be applied until
        triggered by the `start` operation."

        The environment is there, and the program has not been run.
        """
        config = self.config("echo it ran")
        config["hostname"] = "as-configured"
        container = self.create(config)
        ours, its = namespaces("self"), namespaces(container.pid)
        for kind, namespace in its.items():
            self.assertNotEqual(namespace, ours[kind])
        self.assertIn("/dev/shm", container.mounts())
        done = conformance.harness.run(
            ["nsenter", "-t", str(container.pid), "-u", "hostname"])
        self.assertEqual(done.out, "as-configured\n")
        self.assert_nothing_ran(container.bundle)
        self.assertNotIn("echo", conformance.read(
            "/proc/%d/cmdline" % container.pid))

    def test_config_is_read_once(self):
        """
        runtime.md, Lifecycle, 4: "Any updates to `config.json` after this step
        MUST NOT affect the container."
        runtime.md, Create, 7: "Any changes made to the `config.json` file
        after this operation will not have an effect on the container."
        """
        container = self.create(self.config("echo as created"))
        changed = self.config("echo as changed")
        changed["process"]["env"] = []
        self.write_config(container.bundle, changed)
        container.start()
        container.wait()
        self.assertEqual(container.written(), "as created\n")

    def test_config_may_go(self):
        """
        runtime.md, Lifecycle, 4: "Any updates to `config.json` after this step
        MUST NOT affect the container."
        """
        container = self.create(self.config("echo as created"))
        os.unlink(container.bundle + "/config.json")
        container.start()
        container.wait()
        self.assertEqual(container.state()["status"], "stopped")
        container.delete()
        self.assertEqual(container.written(), "as created\n")

    def test_program(self):
        """
        runtime.md, Lifecycle, 13: "The runtime MUST run the user-specified
        program, as specified by `process`."
        runtime.md, Start, 3: "This operation MUST run the user-specified
        program as specified by `process`."
        """
        config = self.config("echo $0 $1; pwd; id -u; exit 7")
        config["process"]["args"] += ["zero", "one"]
        config["process"]["cwd"] = "/tmp"
        container = self.started(config)
        self.assertEqual(container.wait(), 7)
        self.assertEqual(container.written(), "zero one\n/tmp\n0\n")

    def test_undone(self):
        """
        runtime.md, Lifecycle, 16: "The container MUST be destroyed by undoing
        the steps performed during create phase (step 2)."
        runtime.md, Delete, 3: "Deleting a container MUST delete the resources
        that were created during the `create` step."

        Nothing of it is left: no process, no cgroup, no mount, no state.
        """
        before = self.cheap_snapshot()
        container = self.started(self.config())
        container.wait()
        container.delete()
        self.assertEqual(self.cheap_snapshot(), before)
        self.assertEqual(os.listdir(self.root), [])

    def test_what_cannot_be_created(self):
        """
        runtime.md, Lifecycle, 2: "If the runtime is unable to create the
        environment specified in the `config.json`, it MUST generate an error."
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."
        runtime.md, Errors, 1: "Unless otherwise stated, generating an error
        MUST leave the state of the environment as if the operation were never
        attempted - modulo any possible trivial ancillary changes such as
        logging."

        A file system that no kernel has, in the middle of the mounts.
        """
        config = self.config("echo it ran")
        config["mounts"].insert(2, {"destination": "/mnt", "source": "none",
                                    "type": "mydockerfs"})
        before = self.cheap_snapshot()
        bundle = self.bundle(config)
        self.refused(config, bundle=bundle)
        self.assertEqual(self.cheap_snapshot(), before)
        self.assertEqual(os.listdir(self.root), [])
        self.assert_nothing_ran(bundle)


class Operations(conformance.Conformance):
    def test_all_of_them(self):
        """
        runtime.md, Operations, 1: "Unless otherwise stated, runtimes MUST
        support the following operations."
        runtime.md, Scope of a Container, 1: "The entity using a runtime to
        create a container MUST be able to use the operations defined in this
        specification against that same container."

        By one who created it, from first to last.
        """
        container = self.create(self.config("sleep 60"))
        self.assertEqual(container.state()["status"], "created")
        container.start()
        self.assertEqual(container.state()["status"], "running")
        container.kill()
        self.assertEqual(container.wait(), 128 + signal.SIGKILL)
        self.assertEqual(container.state()["status"], "stopped")
        container.delete()
        self.assert_unknown(container.name)

    def test_state_without_an_id(self):
        """
        runtime.md, Query State, 1: "This operation MUST generate an error if
        it is not provided the ID of a container."
        """
        self.assert_error("state")

    def test_state_of_nothing(self):
        """
        runtime.md, Query State, 2: "Attempting to query a container that does
        not exist MUST generate an error."
        """
        self.assert_error("state", self.name())


class Create(conformance.Conformance):
    def test_without_an_id(self):
        """
        runtime.md, Create, 1: "This operation MUST generate an error if it is
        not provided a path to the bundle and the container ID to associate
        with the container."
        """
        self.assert_error("create", "--bundle", self.bundle(self.config()))

    def test_without_a_bundle(self):
        """
        runtime.md, Create, 1: "This operation MUST generate an error if it is
        not provided a path to the bundle and the container ID to associate
        with the container."

        The working directory stands for one that is not given; so it is one
        that is none.
        """
        name = self.name()
        self.assert_error("create", name, cwd=self.scratch())
        self.assert_error("create", "--bundle", "/nonexistent", name)
        self.assert_unknown(name)

    def test_without_a_config(self):
        """
        bundle.md, Container Format, 1: "This REQUIRED file MUST reside in the
        root of the bundle directory and MUST be named `config.json`."
        """
        bundle = self.bundle()
        conformance.write(bundle + "/Config.json", json.dumps(self.config()))
        self.refused(None, bundle=bundle)

    def test_an_id_that_is_taken(self):
        """
        runtime.md, Create, 2: "If the ID provided is not unique across all
        containers within the scope of the runtime, or is not valid in any
        other way, the implementation MUST generate an error and a new
        container MUST NOT be created."

        The container that has it is not touched.
        """
        first = self.create(self.config("echo the first"))
        before = first.state()
        other = self.bundle(self.config("echo the second"))
        self.assert_error("create", "--bundle", other, first.name,
                          out=other + "/out")
        self.assertEqual(first.state(), before)
        first.start()
        first.wait()
        self.assertEqual(first.written(), "the first\n")

    def test_an_id_that_is_taken_by_a_stopped_one(self):
        """
        runtime.md, Create, 2: "If the ID provided is not unique across all
        containers within the scope of the runtime, or is not valid in any
        other way, the implementation MUST generate an error and a new
        container MUST NOT be created."
        """
        first = self.started(self.config())
        first.wait()
        other = self.bundle(self.config())
        self.assert_error("create", "--bundle", other, first.name,
                          out=other + "/out")
        self.assertEqual(first.state()["status"], "stopped")

    def test_ids_that_are_none(self):
        """
        runtime.md, Create, 2: "If the ID provided is not unique across all
        containers within the scope of the runtime, or is not valid in any
        other way, the implementation MUST generate an error and a new
        container MUST NOT be created."

        What would be a path out of the runtime's directory, or none.
        """
        bundle = self.bundle(self.config())
        above = sorted(os.listdir(self.place))
        base = self.name()
        accepted = []
        for name in ("", ".", "..", "../" + base, base + "/b", "/" + base,
                     base + "\nb"):
            done = self.call("create", "--bundle", bundle, "--", name,
                             out=bundle + "/out")
            if done.status == 0:
                accepted.append(name)
                self.call("delete", "--force", "--", name)
        self.assertEqual(accepted, [])
        made = set(os.listdir(self.place)) - set(above)
        self.assertLessEqual(made, {"state"})
        if made:
            self.assertEqual(os.listdir(self.root), [])


class Start(conformance.Conformance):
    def test_without_an_id(self):
        """
        runtime.md, Start, 1: "This operation MUST generate an error if it is
        not provided the container ID."
        """
        self.assert_error("start")
        self.assert_error("start", self.name())

    def test_a_running_one(self):
        """
        runtime.md, Start, 2: "Attempting to `start` a container that is not
        `created` MUST have no effect on the container and MUST generate an
        error."
        """
        container = self.started(self.config("echo once; sleep 60"))
        conformance.until(container.written, "it has begun")
        before = container.state()
        self.assert_error("start", container.name)
        self.assertEqual(container.state(), before)
        self.assertEqual(container.written(), "once\n")

    def test_a_stopped_one(self):
        """
        runtime.md, Start, 2: "Attempting to `start` a container that is not
        `created` MUST have no effect on the container and MUST generate an
        error."
        """
        container = self.started(self.config("echo once"))
        container.wait()
        self.assert_error("start", container.name)
        self.assertEqual(container.state()["status"], "stopped")
        self.assertEqual(container.written(), "once\n")

    def test_without_a_process(self):
        """
        runtime.md, Start, 4: "This operation MUST generate an error if
        `process` was not set."
        config.md, Process, 10: "This property is REQUIRED when `start` is
        called."

        A runtime may have refused to create it.
        """
        config = self.config()
        del config["process"]
        bundle = self.bundle(config)
        name = self.name()
        container = conformance.Container(self, name, bundle)
        self.containers.append(container)
        conformance.write(bundle + "/out", "")
        if self.call("create", "--bundle", bundle, name,
                     out=bundle + "/out").status == 0:
            self.assert_error("start", name)


class Kill(conformance.Conformance):
    def test_without_an_id(self):
        """
        runtime.md, Kill, 1: "This operation MUST generate an error if it is
        not provided the container ID."
        """
        self.assert_error("kill")
        self.assert_error("kill", self.name(), "TERM")

    def test_a_created_one(self):
        """
        runtime.md, Kill, 2: "Attempting to send a signal to a container that
        is neither `created` nor `running` MUST have no effect on the container
        and MUST generate an error."
        runtime.md, Kill, 3: "This operation MUST send the specified signal to
        the container process."
        """
        container = self.create(self.config("echo it ran"))
        container.kill("KILL")
        self.assertEqual(container.wait(), 128 + signal.SIGKILL)
        self.assertEqual(container.state()["status"], "stopped")
        self.assert_nothing_ran(container.bundle)

    def test_a_stopped_one(self):
        """
        runtime.md, Kill, 2: "Attempting to send a signal to a container that
        is neither `created` nor `running` MUST have no effect on the container
        and MUST generate an error."
        """
        container = self.started(self.config())
        container.wait()
        self.assert_error("kill", container.name, "KILL")
        self.assertEqual(container.state()["status"], "stopped")

    def test_each_way_to_name_a_signal(self):
        """
        runtime.md, Kill, 3: "This operation MUST send the specified signal to
        the container process."
        """
        container = self.started(self.config(
            "trap 'echo USR1' USR1; trap 'echo USR2' USR2; trap 'echo HUP' HUP;"
            "echo ready; while true; do sleep 0.01; done"))
        heard = "ready\n"
        conformance.until(lambda: container.written() == heard, "it is ready")
        for said, name in (("USR1", "USR1"), ("SIGUSR2", "USR2"),
                           ("1", "HUP")):
            container.kill(said)
            heard += name + "\n"
            conformance.until(lambda: container.written() == heard,
                              "it hears of " + said)

    def test_what_is_no_signal(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."
        """
        container = self.running()
        for signal_name in ("NOSUCH", "0x9", "4096", "-1"):
            self.assert_error("kill", "--", container.name, signal_name)
        self.assertEqual(container.state()["status"], "running")


class Delete(conformance.Conformance):
    def test_without_an_id(self):
        """
        runtime.md, Delete, 1: "This operation MUST generate an error if it is
        not provided the container ID."
        """
        self.assert_error("delete")
        self.assert_error("delete", self.name())

    def test_a_created_one(self):
        """
        runtime.md, Delete, 2: "Attempting to `delete` a container that is not
        `stopped` MUST have no effect on the container and MUST generate an
        error."

        Neither crun nor runc does: both kill it. (With --force they would as
        well; without it, one that merely waits for its start is lost.)
        """
        container = self.create(self.config("echo it lives"))
        before = container.state()
        self.assert_error("delete", container.name)
        self.assertEqual(container.state(), before)
        container.start()
        container.wait()
        self.assertEqual(container.written(), "it lives\n")

    def test_a_running_one(self):
        """
        runtime.md, Delete, 2: "Attempting to `delete` a container that is not
        `stopped` MUST have no effect on the container and MUST generate an
        error."
        """
        container = self.running()
        before = container.state()
        self.assert_error("delete", container.name)
        self.assertEqual(container.state(), before)
        self.assertTrue(conformance.exists(container.pid))

    def test_what_others_made(self):
        """
        runtime.md, Delete, 4: "Note that resources associated with the
        container, but not created by this container, MUST NOT be deleted."

        A network namespace it joined, a directory it was given.
        """
        other = self.running()
        place = self.scratch()
        config = self.config("echo new > /mnt/new")
        config["linux"]["namespaces"][2]["path"] = (
            "/proc/%d/ns/net" % other.pid)
        config["mounts"].append({"destination": "/mnt", "source": place,
                                 "options": ["bind"]})
        conformance.write(place + "/old", "old\n")
        container = self.started(config)
        container.wait()
        container.delete()
        self.assertEqual(sorted(os.listdir(place)), ["new", "old"])
        self.assertTrue(os.path.exists(container.bundle + "/config.json"))
        self.assertTrue(os.path.exists(container.bundle + "/rootfs/bin/sh"))
        self.assertTrue(conformance.exists(other.pid))

    def test_a_cgroup_that_was_there(self):
        """
        runtime.md, Delete, 4: "Note that resources associated with the
        container, but not created by this container, MUST NOT be deleted."

        Neither crun nor runc asks who made it: both take the path as theirs
        alone. The sentence knows no exception, and engines that make a parent
        directory for themselves would lose it.
        """
        controller = "" if conformance.on_v2("memory") else "memory"
        self.need_controller("memory")
        name = "/" + self.name()
        path = conformance.HIERARCHIES[controller] + name
        os.mkdir(path)
        self.addCleanup(lambda: os.path.isdir(path) and os.rmdir(path))
        config = self.config()
        config["linux"]["cgroupsPath"] = name
        container = self.started(config)
        container.wait()
        container.delete()
        self.assertTrue(os.path.isdir(path), path)

    def test_an_id_twice(self):
        """
        runtime.md, Delete, 5: "Once a container is deleted its ID MAY be used
        by a subsequent container."
        """
        name = self.name()
        for word in ("one", "two"):
            container = self.started(self.config("echo " + word), name=name)
            container.wait()
            self.assertEqual(container.written(), word + "\n")
            container.delete()


class Linux(conformance.Conformance):
    def test_descriptors(self):
        """
        runtime-linux.md, File descriptors, 1: "By default, only the `stdin`,
        `stdout` and `stderr` file descriptors are kept open for the
        application by the runtime."

        Not even one that the caller left open by mistake.
        """
        number = os.open("/etc/passwd", os.O_RDONLY)
        self.addCleanup(os.close, number)
        os.set_inheritable(number, True)
        container = self.running(pass_fds=[number])
        self.assertEqual(sorted(os.listdir("/proc/%d/fd" % container.pid)),
                         ["0", "1", "2"])

    def test_links_in_dev(self):
        """
        runtime-linux.md, Dev symbolic links, 1: "While creating the container
        (step 2 in the lifecycle), runtimes MUST create the following symlinks
        if the source file exists after processing `mounts`:"
        """
        links = self.lines(self.config(
            "for i in fd stdin stdout stderr; do readlink /dev/$i; done"))
        self.assertEqual(links, ["/proc/self/fd", "/proc/self/fd/0",
                                 "/proc/self/fd/1", "/proc/self/fd/2"])
