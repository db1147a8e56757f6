"""config.md: mounts, and every option of the table.

Where a source must have mounts of its own, the runtime is run in a mount
namespace in which it has; nothing of that is on the host.
"""

import os

import conformance
from conformance import read


def tmpfs(destination, *options):
    return {"destination": destination, "type": "tmpfs", "source": "tmpfs",
            "options": list(options)}


def bind(destination, source, *options):
    return {"destination": destination, "source": source,
            "options": list(options)}


class Mounts(conformance.Conformance):
    def points(self, *mounts, **more):
        """{mount point: Mount} in a container that has these as well."""
        config = self.config("cat /proc/self/mountinfo")
        config["mounts"] += mounts
        return conformance.mounts(self.output(config, **more))

    def within(self, script):
        """A prefix: a mount namespace in which the script has been run."""
        return ["unshare", "--mount", "sh", "-e", "-c", script + '\nexec "$@"',
                "sh"]

    def tree(self, options="rw", shared=False):
        """(a directory, a prefix in which it and its `sub` are mounts)."""
        place = self.scratch()
        script = ("mount -t tmpfs -o {1} mydocker-oci {0}\n"
                  "{2}"
                  "mount -o remount,rw {0}\n"
                  "mkdir {0}/sub\n"
                  "mount -o remount,bind,{1} {0}\n"
                  "mount -t tmpfs -o {1} mydocker-oci {0}/sub\n").format(
                      place, options,
                      "mount --make-shared %s\n" % place if shared else "")
        return place, self.within(script)


class Order(Mounts):
    def test_later_is_above(self):
        """
        config.md, Mounts, 1: "The runtime MUST mount entries in the listed
        order."
        """
        one, two = self.scratch(), self.scratch()
        conformance.write(one + "/name", "one\n")
        conformance.write(two + "/name", "two\n")
        for first, second, seen in ((one, two, "two\n"), (two, one, "one\n")):
            config = self.config("cat /mnt/name")
            config["mounts"] += [bind("/mnt", first, "bind"),
                                 bind("/mnt", second, "bind")]
            self.assertEqual(self.output(config), seen)

    def test_into_one_another(self):
        """
        config.md, Mounts, 1: "The runtime MUST mount entries in the listed
        order."

        What is mounted in a place before that place is mounted on is hidden.
        """
        inner, outer = tmpfs("/mnt/inner", "mode=700"), tmpfs("/mnt")
        config = self.config("ls /mnt; cat /proc/self/mountinfo")
        config["mounts"] += [outer, inner]
        self.assertTrue(self.output(config).startswith("inner\n"))
        config["mounts"][-2:] = [inner, outer]
        self.assertFalse(self.output(config).startswith("inner\n"))

    def test_what_follows_proc(self):
        """
        config.md, Mounts, 1: "The runtime MUST mount entries in the listed
        order."

        The order is that of the list, not of the names.
        """
        config = self.config("cat /proc/self/mountinfo")
        config["mounts"] += [tmpfs("/mnt/z"), tmpfs("/mnt/a"), tmpfs("/mnt/k")]
        seen = [line.split(" ")[4] for line in self.lines(config)]
        self.assertEqual([point for point in seen
                          if point.startswith("/mnt/")],
                         ["/mnt/z", "/mnt/a", "/mnt/k"])


class Place(Mounts):
    def test_relative_destination(self):
        """
        config.md, Mounts, 2: "For compatibility with old tools and
        configurations, it MAY be a relative path, in which case it MUST be
        interpreted as relative to "/"."
        """
        config = self.config("cat /proc/self/mountinfo", cwd="/tmp")
        config["mounts"].append(tmpfs("mnt/below"))
        self.assertIn("/mnt/below", conformance.mounts(self.output(config)))

    def test_no_destination(self):
        """
        config.md, Mounts, 5: "`destination` (string, REQUIRED) Destination of
        mount point: path inside container."
        """
        config = self.config()
        config["mounts"].append({"type": "tmpfs", "source": "tmpfs"})
        self.refused(config)

    def test_destination_is_made(self):
        """
        runtime.md, Create, 4: "All of the properties configured in
        `config.json` except for `process` MUST be applied."
        """
        points = self.points(tmpfs("/a/new/place"))
        self.assertEqual(points["/a/new/place"].kind, "tmpfs")

    def test_destination_out_of_the_root(self):
        """
        config.md, Mounts, 5: "`destination` (string, REQUIRED) Destination of
        mount point: path inside container."

        "Path inside container": a link leads nowhere else.
        """
        outside = self.scratch()
        bundle = self.bundle()
        os.symlink(outside, bundle + "/rootfs/link")
        os.symlink("../../../../../..", bundle + "/rootfs/up")
        config = self.config("cat /proc/self/mountinfo")
        config["mounts"] += [tmpfs("/link/one"), tmpfs("/up/two")]
        self.write_config(bundle, config)
        before = self.cheap_snapshot()
        done = self.run_config(None, bundle=bundle)
        if done.status == 0:
            points = conformance.mounts(done.out)
            self.assertIn(outside + "/one", points)
            self.assertIn("/two", points)
        self.assertEqual(os.listdir(outside), [])
        self.assertFalse(os.path.exists("/two"))
        self.assertEqual(self.cheap_snapshot(), before)

    def test_relative_source(self):
        """
        config.md, Mounts, 3: "Path values for bind mounts are either absolute
        or relative to the bundle."
        """
        bundle = self.bundle()
        os.mkdir(bundle + "/data")
        conformance.write(bundle + "/data/name", "of the bundle\n")
        config = self.config("cat /mnt/name")
        config["mounts"].append(bind("/mnt", "data", "bind"))
        self.write_config(bundle, config)
        self.assertEqual(self.output(None, bundle=bundle), "of the bundle\n")

    def test_source_that_is_not_there(self):
        """
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."
        """
        config = self.config()
        config["mounts"].append(bind("/mnt", "/nonexistent/source", "bind"))
        self.refused(config)

    def test_a_file(self):
        """
        config.md, Mounts, 4: "A mount is a bind mount if it has either `bind`
        or `rbind` in the options."
        """
        source = self.scratch() + "/file"
        conformance.write(source, "of the host\n")
        config = self.config("cat /etc/some/file; echo new > /etc/some/file")
        config["mounts"].append(bind("/etc/some/file", source, "bind"))
        self.assertEqual(self.output(config), "of the host\n")
        self.assertEqual(read(source), "new\n")

    def test_bind_and_rbind(self):
        """
        config.md, Mounts, 4: "A mount is a bind mount if it has either `bind`
        or `rbind` in the options."
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"
        """
        place, prefix = self.tree()
        points = self.points(bind("/mnt", place, "bind"), prefix=prefix)
        self.assertIn("/mnt", points)
        self.assertNotIn("/mnt/sub", points)
        points = self.points(bind("/mnt", place, "rbind"), prefix=prefix)
        self.assertIn("/mnt/sub", points)

    def test_type_of_a_bind_mount(self):
        """
        config.md, POSIX-platform Mounts, 3: "`type` (string, OPTIONAL) The
        type of the filesystem to be mounted."

        It is a dummy.
        """
        place = self.scratch()
        os.mkdir(place + "/seen")
        for kind in ("none", "bind", "ext4", ""):
            config = self.config("ls /mnt")
            config["mounts"].append({**bind("/mnt", place, "bind"),
                                     "type": kind})
            self.assertEqual(self.output(config), "seen\n", kind)

    def test_type_that_is_none(self):
        """
        config.md, POSIX-platform Mounts, 3: "`type` (string, OPTIONAL) The
        type of the filesystem to be mounted."
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."
        """
        config = self.config()
        config["mounts"].append({**tmpfs("/mnt"), "type": "mydockerfs"})
        self.refused(config)

    def test_default_file_systems(self):
        """
        config-linux.md, Default Filesystems, 1: "The following filesystems
        SHOULD be made available in each container's filesystem:"
        """
        points = self.points()
        for point, kind in (("/proc", "proc"), ("/sys", "sysfs"),
                            ("/dev/pts", "devpts"), ("/dev/shm", "tmpfs")):
            self.assertEqual(points[point].kind, kind, point)


class Options(Mounts):
    # Option: what mountinfo has of it, what it has not.
    FLAGS = {"ro": "ro", "rw": "rw", "nosuid": "nosuid", "nodev": "nodev",
             "noexec": "noexec", "noatime": "noatime",
             "nodiratime": "nodiratime", "relatime": "relatime"}
    # Of these, the second takes the first back.
    PAIRS = (("nosuid", "suid"), ("nodev", "dev"), ("noexec", "exec"),
             ("ro", "rw"), ("noatime", "atime"), ("nodiratime", "diratime"))

    def each(self, cases):
        """{name: Mount} of a tmpfs for each of {name: options}."""
        points = self.points(*(tmpfs("/mnt/" + name, *options)
                               for name, options in cases.items()))
        return {name: points["/mnt/" + name] for name in cases}

    def test_flags(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"
        """
        found = self.each({name: [name] for name in self.FLAGS})
        for name, shown in self.FLAGS.items():
            self.assertIn(shown, found[name].options, found[name])
        for flag in ("nosuid", "nodev", "noexec", "ro"):
            self.assertNotIn(flag, found["relatime"].options)

    def test_flags_taken_back(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"

        As with mount(8), the later one holds.
        """
        found = self.each({"-".join(pair): pair for pair in self.PAIRS})
        for pair in self.PAIRS:
            mount = found["-".join(pair)]
            self.assertNotIn(pair[0], mount.options, mount)
        found = self.each({"-".join(pair): reversed(pair)
                           for pair in self.PAIRS})
        for pair in self.PAIRS:
            mount = found["-".join(pair)]
            self.assertIn(pair[0], mount.options, mount)

    def test_access_times(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"
        """
        found = self.each({"strict": ["strictatime"], "no": ["noatime"],
                           "relative": ["relatime"], "plain": [],
                           "norelative": ["norelatime"],
                           "nostrict": ["strictatime", "nostrictatime"]})
        self.assertNotIn("relatime", found["strict"].options)
        self.assertNotIn("noatime", found["strict"].options)
        self.assertIn("noatime", found["no"].options)
        for name in ("relative", "plain", "norelative", "nostrict"):
            # It is the kernel's default as well, so that nothing undoes it.
            self.assertIn("relatime", found[name].options, found[name])

    def test_of_the_superblock(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"
        """
        found = self.each({name: [name] for name in (
            "sync", "dirsync", "lazytime", "async", "nolazytime")})
        for name in ("sync", "dirsync", "lazytime"):
            self.assertIn(name, found[name].data, found[name])
        for name in ("async", "nolazytime"):
            self.assertNotIn(name[2:] if name[0] == "n" else "sync",
                             found[name].data)
        self.assertNotIn("sync", self.each({"x": ["sync", "async"]})["x"].data)

    def test_that_show_nowhere(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"
        """
        names = ("loud", "silent", "iversion", "noiversion")
        found = self.each({name: [name] for name in names})
        for name in names:
            self.assertIn("rw", found[name].options)

    def test_defaults(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"
        """
        self.assertIn("rw", self.each({"x": ["defaults"]})["x"].options)

    def test_nosymfollow(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"

        It may be that the kernel is too old for it (before 5.10).
        """
        found = self.each({"no": ["nosymfollow"],
                           "yes": ["nosymfollow", "symfollow"]})
        self.assertIn("nosymfollow", found["no"].options)
        self.assertNotIn("nosymfollow", found["yes"].options)

    def test_of_bind_mounts(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"

        They are the mount's, not the source's.
        """
        place = self.scratch()
        names = ("ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime")
        points = self.points(*(bind("/mnt/" + name, place, "bind", name)
                               for name in names))
        for name in names:
            self.assertIn(name, points["/mnt/" + name].options)

    def test_remount(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"
        """
        mount = self.points(tmpfs("/mnt", "size=64k"),
                            tmpfs("/mnt", "remount", "ro", "size=128k"))["/mnt"]
        self.assertIn("ro", mount.options)
        self.assertIn("size=128k", mount.data)

    def test_of_the_file_system(self):
        """
        config.md, Linux mount options, 6: "Runtimes SHOULD treat unknown
        options as filesystem-specific ones and pass those as a comma-separated
        string to the fifth (`const void *data`) argument of `mount(2)`."
        """
        mount = self.points(tmpfs("/mnt", "size=64k", "mode=0710",
                                  "nr_inodes=11", "noexec"))["/mnt"]
        for option in ("size=64k", "mode=710", "nr_inodes=11"):
            self.assertIn(option, mount.data)

    def test_that_nobody_knows(self):
        """
        config.md, Linux mount options, 6: "Runtimes SHOULD treat unknown
        options as filesystem-specific ones and pass those as a comma-separated
        string to the fifth (`const void *data`) argument of `mount(2)`."
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."
        """
        config = self.config()
        config["mounts"].append(tmpfs("/mnt", "nosuchoption"))
        self.refused(config)

    def test_tmpcopyup(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"
        """
        bundle = self.bundle()
        os.makedirs(bundle + "/rootfs/full/deep")
        conformance.write(bundle + "/rootfs/full/deep/file", "copied\n", 0o640)
        os.symlink("deep/file", bundle + "/rootfs/full/link")
        config = self.config("cat /full/link; stat -c %a /full/deep/file; "
                             "echo changed > /full/deep/file; "
                             "grep ' /full ' /proc/self/mountinfo | wc -l")
        config["mounts"].append(tmpfs("/full", "tmpcopyup"))
        self.write_config(bundle, config)
        self.assertEqual(self.lines(None, bundle=bundle),
                         ["copied", "640", "1"])
        self.assertEqual(read(bundle + "/rootfs/full/deep/file"), "copied\n")


class Propagation(Mounts):
    def test_each(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"
        """
        place, prefix = self.tree(shared=True)
        # What is shared may be a slave as well.
        wanted = {"private": "", "shared": "shared", "slave": "master",
                  "unbindable": "unbindable"}
        points = self.points(*(bind("/mnt/" + name, place, "bind", name)
                               for name in wanted), prefix=prefix)
        for name, tag in wanted.items():
            self.hold_tag(name, points["/mnt/" + name], tag)

    def hold_tag(self, name, mount, tag):
        tags = set(mount.propagation) - {"propagate_from"}
        if tag == "shared":
            tags.discard("master")
        self.assertEqual(tags, {tag} - {""}, "%s: %s" % (name, mount))

    def test_recursive(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"
        """
        place, prefix = self.tree(shared=True)
        wanted = {"rprivate": "", "rshared": "shared", "rslave": "master",
                  "runbindable": "unbindable"}
        for name, tag in wanted.items():
            points = self.points(bind("/mnt", place, "rbind", name),
                                 prefix=prefix)
            for point in ("/mnt", "/mnt/sub"):
                self.hold_tag(name, points[point], tag)


class Recursive(Mounts):
    def both(self, name, *first):
        """The mounts of an rbind with this option: the top, the one below."""
        place, prefix = self.tree(*first)
        points = self.points(bind("/mnt", place, "rbind", name), prefix=prefix)
        return points["/mnt"], points["/mnt/sub"]

    def test_plain_ones_are_not(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"
        """
        top, below = self.both("ro")
        self.assertIn("ro", top.options)
        self.assertIn("rw", below.options)

    def test_rro(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"
        """
        for mount in self.both("rro"):
            self.assertIn("ro", mount.options)

    def test_that_set(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"

        Where runc of this age has them, crun has but rro.
        """
        for name in ("nosuid", "nodev", "noexec", "noatime", "nodiratime"):
            for mount in self.both("r" + name):
                self.assertIn(name, mount.options, mount)
        for mount in self.both("rstrictatime"):
            self.assertNotIn("relatime", mount.options, mount)

    def test_that_clear(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"
        """
        for name, undone in (("rrw", "ro"), ("rsuid", "nosuid"),
                             ("rdev", "nodev"), ("rexec", "noexec"),
                             ("rrelatime", "noatime"),
                             ("rdiratime", "nodiratime")):
            for mount in self.both(name, undone):
                self.assertNotIn(undone, mount.options, "%s: %s" %
                                 (name, mount))

    def test_rnosymfollow(self):
        """
        config.md, Linux mount options, 1: "Runtimes MUST/SHOULD/MAY implement
        the following option strings for Linux:"
        """
        for mount in self.both("rnosymfollow"):
            self.assertIn("nosymfollow", mount.options)


class IdMap(Mounts):
    MAPS = {"uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
            "gidMappings": [{"containerID": 0, "hostID": 2000, "size": 10}]}
    SHOW = "stat -c '%u %g' /mnt/file /mnt/sub/file 2>/dev/null; true"

    def setUp(self):
        super().setUp()
        if tuple(map(int, os.uname().release.split(".")[:2])) < (6, 3):
            self.skipTest("a tmpfs cannot be id-mapped here (before 6.3)")

    def mapped(self, *options, **mappings):
        """A configuration whose /mnt is files of root's, and its prefix."""
        place, _ = self.tree()
        prefix = self.within(
            "mount -t tmpfs mydocker-oci {0}; mkdir {0}/sub; touch {0}/file; "
            "mount -t tmpfs mydocker-oci {0}/sub; touch {0}/sub/file".format(
                place))
        config = self.config(self.SHOW)
        config["mounts"].append({**bind("/mnt", place, *options), **mappings})
        return config, prefix

    def owners(self, *options, **mappings):
        config, prefix = self.mapped(*options, **mappings)
        return self.lines(config, prefix=prefix)

    def test_idmap(self):
        """
        config.md, Linux mount options, 2: "Indicates that the mount MUST have
        an idmapping applied."
        config.md, Linux mount options, 3: "If `uidMappings` or `gidMappings`
        are specified for the mount, the runtime MUST use those values for the
        mount's mapping."

        Neither crun nor runc does so in these versions: crun loses what is
        mounted below, runc (before 1.2) ignores option and properties.
        """
        self.assertEqual(self.owners("rbind", "idmap", **self.MAPS),
                         ["1000 2000", "0 0"])

    def test_ridmap(self):
        """
        config.md, Linux mount options, 7: "Indicates that the mount MUST have
        an idmapping applied, and the mapping is applied recursively."

        Neither crun nor runc does so in these versions; see above.
        """
        self.assertEqual(self.owners("rbind", "ridmap", **self.MAPS),
                         ["1000 2000", "1000 2000"])

    def test_without_mappings(self):
        """
        config.md, Linux mount options, 4: "If they are not specified, the
        runtime MAY use the container's user namespace mapping, otherwise an
        error MUST be returned."

        Of the container's user namespace, or an error.
        """
        config, prefix = self.mapped("rbind", "idmap")
        config["linux"]["namespaces"].append({"type": "user"})
        maps = [{"containerID": 0, "hostID": 100000, "size": 65536}]
        config["linux"]["uidMappings"] = config["linux"]["gidMappings"] = maps
        done = self.run_config(config, prefix=prefix)
        if done.status == 0:
            self.assertEqual(done.out.splitlines()[0], "0 0", str(done))

    def test_without_anything(self):
        """
        config.md, Linux mount options, 5: "If there are no `uidMappings` and
        `gidMappings` specified and the container isn't using user namespaces,
        an error MUST be returned."

        Neither crun nor runc sees to it in these versions: crun knows no
        ridmap, runc neither of the two.
        """
        for option in ("idmap", "ridmap"):
            config, prefix = self.mapped("rbind", option)
            done = self.run_config(config, prefix=prefix)
            self.assertNotEqual(done.status, 0, option)

    def test_with_one_of_the_two(self):
        """
        config.md, POSIX-platform Mounts, 1: "If specified, it MUST be
        specified along with `gidMappings`."
        config.md, POSIX-platform Mounts, 2: "If specified, it MUST be
        specified along with `uidMappings`."
        """
        for name in self.MAPS:
            config, prefix = self.mapped("rbind", "idmap",
                                         **{name: self.MAPS[name]})
            done = self.run_config(config, prefix=prefix)
            self.assertNotEqual(done.status, 0, name)
