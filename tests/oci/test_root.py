"""config.md: the root file system; the order and the ways of bind mounts."""

import os

import conformance


class Root(conformance.Conformance):
    TRY = "echo x 2>/dev/null >/new && echo written || echo read-only"

    def test_readonly(self):
        """
        config.md, Root, 4: "`readonly` (bool, OPTIONAL) If true then the root
        filesystem MUST be read-only inside the container, defaults to false."
        """
        config = self.config(self.TRY)
        config["root"]["readonly"] = True
        self.assertEqual(self.output(config), "read-only\n")
        config["process"]["args"] = ["/bin/sleep", "60"]
        self.assertIn("ro", self.running(config).mounts()["/"].options)

    def test_writable_by_default(self):
        """
        config.md, Root, 4: "`readonly` (bool, OPTIONAL) If true then the root
        filesystem MUST be read-only inside the container, defaults to false."
        """
        for more in ({}, {"readonly": False}):
            config = self.config(self.TRY)
            config["root"].update(more)
            bundle = self.bundle(config)
            self.assertEqual(self.output(None, bundle=bundle), "written\n")
            self.assertTrue(os.path.exists(bundle + "/rootfs/new"))

    def test_readonly_is_not_below(self):
        """
        config.md, Root, 4: "`readonly` (bool, OPTIONAL) If true then the root
        filesystem MUST be read-only inside the container, defaults to false."

        A tmpfs on it can be written to.
        """
        config = self.config("echo x > /mnt/new && echo written")
        config["root"]["readonly"] = True
        config["mounts"].append({"destination": "/mnt", "type": "tmpfs",
                                 "source": "tmpfs"})
        self.assertEqual(self.output(config), "written\n")

    def test_path(self):
        """
        config.md, Root, 2: "On POSIX platforms, `path` is either an absolute
        path or a relative path to the bundle."
        """
        bundle = self.bundle()
        os.rename(bundle + "/rootfs", bundle + "/other")
        conformance.write(bundle + "/other/etc/marker", "the other\n")
        for path in ("other", "./other", bundle + "/other"):
            config = self.config("cat /etc/marker")
            config["root"]["path"] = path
            self.write_config(bundle, config)
            self.assertEqual(self.output(None, bundle=bundle), "the other\n")

    def test_path_that_is_a_link(self):
        """
        config.md, Root, 3: "A directory MUST exist at the path declared by the
        field."

        A directory exists at that path. Here crun and runc part: runc wants
        it resolved by its caller.
        """
        bundle = self.bundle()
        os.rename(bundle + "/rootfs", bundle + "/other")
        os.symlink("other", bundle + "/rootfs")
        self.write_config(bundle, self.config("echo here"))
        self.assertEqual(self.output(None, bundle=bundle), "here\n")

    def test_no_directory(self):
        """
        config.md, Root, 3: "A directory MUST exist at the path declared by the
        field."
        """
        config = self.config()
        for path in ("nonexistent", "/nonexistent", "config.json"):
            config["root"]["path"] = path
            self.refused(config, why="root %r" % path)

    def test_no_root(self):
        """
        config.md, Root, 1: "On all other platforms, this field is REQUIRED."
        """
        config = self.config()
        del config["root"]
        self.refused(config)
        config["root"] = {}
        self.refused(config, why="a root without path")

    def test_the_old_root_is_gone(self):
        """
        runtime.md, Lifecycle, 1: "The container's runtime environment MUST be
        created according to the configuration in `config.json`."

        Nothing of the host's tree is left in the container's.
        """
        container = self.running()
        points = container.mounts()
        self.assertEqual(points["/"].root.split("/")[-1], "rootfs")
        for point in points:
            self.assertTrue(point == "/" or
                            point.startswith(("/proc", "/dev", "/sys")), point)
        self.assertFalse(os.path.exists(container.inside("/var")))

    def test_host_mounts_are_as_before(self):
        """
        config-linux.md, Namespaces, 3: "`mount` the container will have an
        isolated mount table."

        Where the host's mounts are shared, as under systemd.
        """
        script = ("mount --make-rshared / && sort /proc/self/mountinfo > $0/a "
                  "&& \"$@\" && sort /proc/self/mountinfo > $0/b && "
                  "cmp $0/a $0/b")
        self.output(self.config(), prefix=[
            "unshare", "--mount", "sh", "-c", script, self.scratch()])
