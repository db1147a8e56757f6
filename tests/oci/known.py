"""What crun and runc are known to fail, and why.

    "test_file.Class.test_name": {"crun": "reason", "runc": "reason"}

"crun-v2" is what is so under cgroup v2 only, "crun-v1" the other. A test that
both fail says in its text why it is right all the same, in a sentence that
begins with "Neither crun nor runc" (test_requirements.py looks for it). The
table holds for the versions that it was made with; of another version, what is
listed may pass.
"""

VERSIONS = {"crun": "crun version 1.8.1", "runc": "runc version 1.1.5"}

TOO_NEW = "the property is younger than this version"
BOTH_TOO_NEW = {"crun": TOO_NEW, "runc": TOO_NEW}
NOT_CHECKED = "it is accepted, and ignored or guessed"
BOTH_UNCHECKED = {"crun": NOT_CHECKED, "runc": NOT_CHECKED}
NO_OPTION = "it does not know the option"

KNOWN = {
    "test_cgroups.Changes.test_update_below_what_is_used": {
        "runc-v2": TOO_NEW},
    "test_cgroups.Devices.test_part_of_what_was_allowed": {
        "crun-v1": "the kernel cannot do it, and it does not say so"},
    "test_cgroups.Devices.test_access_that_is_none": {
        "crun-v2": NOT_CHECKED, "runc": NOT_CHECKED},
    "test_cgroups.Devices.test_type_that_is_none": {"crun-v2": NOT_CHECKED},
    "test_cgroups.Limits.test_block_weight": {
        "crun-v1": "it knows blkio.weight only, of kernels before 5.0"},
    "test_cgroups.Limits.test_cpu_burst": BOTH_TOO_NEW,
    "test_cgroups.Limits.test_cpu_burst_above_the_quota": BOTH_TOO_NEW,
    "test_cgroups.Limits.test_cpu_idle": {"runc": TOO_NEW},
    "test_cgroups.Limits.test_limits_that_are_none": {"crun": NOT_CHECKED},
    "test_cgroups.Limits.test_network_class": {"runc-v2": NOT_CHECKED},
    "test_cgroups.Limits.test_nothing_is_left_of_a_failure": {
        "crun": "its cgroups stay"},
    "test_cgroups.Limits.test_pids": {
        "crun-v1": "it writes -1 where the kernel wants max"},
    "test_cgroups.Limits.test_what_cannot_be_converted": {
        "runc-v2": NOT_CHECKED},
    "test_cgroups.Path.test_out_of_the_mount": {
        "crun": "it makes the directories, wherever that is"},
    "test_cgroups.Path.test_owner_on_version_2": {
        "runc-v2": "only where systemd makes the cgroup"},
    "test_cgroups.Path.test_owner_where_it_cannot_write": {
        "crun-v2": "it is made the owner all the same"},
    "test_config.Features.test_mount_options": {
        "runc": "it lists defaults, and passes it to the file system"},
    "test_config.Invalid.test_annotation_without_a_key": BOTH_UNCHECKED,
    "test_config.Invalid.test_annotations": BOTH_UNCHECKED,
    "test_config.Invalid.test_no_json": {"runc": "it reads no further than "
                                                 "the first value"},
    "test_config.Invalid.test_of_another_type": {"crun": NOT_CHECKED},
    "test_config.Invalid.test_required": BOTH_UNCHECKED,
    "test_config.Invalid.test_required_on_linux": BOTH_UNCHECKED,
    "test_config.Versions.test_another_major": {"runc": NOT_CHECKED},
    "test_config.Versions.test_missing": {"runc": NOT_CHECKED},
    "test_config.Versions.test_that_are_none": BOTH_UNCHECKED,
    "test_hooks.Environment.test_pid_as_the_container_sees_it": {
        "crun": "it tells them 0"},
    "test_hooks.Environment.test_state_on_stdin": {
        "crun": "it says 1.0, which is no version"},
    "test_hooks.Environment.test_status_on_stdin": {
        "crun": "created is what it says of all before start, and starting",
        "runc": "poststart hooks are called by create"},
    "test_hooks.Failures.test_create_container": {"crun": "no poststop hooks"},
    "test_hooks.Failures.test_create_runtime": {"crun": "no poststop hooks"},
    "test_hooks.Failures.test_prestart": {"crun": "no poststop hooks"},
    "test_hooks.Failures.test_poststart": {
        "crun": "as it was before 1.2.1", "runc": "create fails instead"},
    "test_hooks.Failures.test_poststop": {
        "crun": "there is no warning", "runc": "the other hooks are not called"},
    "test_hooks.Failures.test_start_container": {
        "crun": "start does not fail", "runc": "start does not fail"},
    "test_hooks.Failures.test_start_container_destroys": {
        "crun": "the container stays", "runc": "the container stays"},
    "test_hooks.Failures.test_that_does_not_read": {
        "crun": "it dies of SIGPIPE"},
    "test_hooks.Order.test_poststart": {"runc": "create calls them"},
    "test_hooks.Order.test_poststart_finds_the_program": {
        "runc": "create calls them"},
    "test_hooks.Timeout.test_create_container": {"crun": "no poststop hooks"},
    "test_hooks.Timeout.test_create_runtime": {"crun": "no poststop hooks"},
    "test_hooks.Timeout.test_poststart": {
        "crun": "as it was before 1.2.1", "runc": "create fails instead"},
    "test_hooks.Timeout.test_poststop": {
        "crun": "there is no warning", "runc": "the other hooks are not called"},
    "test_hooks.Timeout.test_prestart": {"crun": "no poststop hooks"},
    "test_hooks.Timeout.test_relative_path": BOTH_UNCHECKED,
    "test_hooks.Timeout.test_start_container": {
        "crun": "start does not fail", "runc": "start does not fail"},
    "test_hooks.Timeout.test_values": {"crun": NOT_CHECKED},
    "test_lifecycle.Create.test_ids_that_are_none": {
        "crun": "/x is a name for it"},
    "test_lifecycle.Delete.test_a_cgroup_that_was_there": {
        "crun": "it is removed", "runc": "it is removed"},
    "test_lifecycle.Delete.test_a_created_one": {
        "crun": "it is killed and deleted", "runc": "it is killed and deleted"},
    "test_lifecycle.Kill.test_what_is_no_signal": {
        "crun": "a word it does not know is signal 0"},
    "test_linux.Devices.test_another_file_is_there": BOTH_UNCHECKED,
    "test_linux.Devices.test_listed_as_well": {
        "runc": "it then wants a rule for the device as well"},
    "test_linux.Devices.test_type_that_is_none": {"crun": NOT_CHECKED},
    "test_linux.Devices.test_without_numbers": BOTH_UNCHECKED,
    "test_linux.Kernel.test_intel_rdt": {"crun": NOT_CHECKED},
    "test_linux.Kernel.test_memory_policy": BOTH_TOO_NEW,
    "test_linux.Kernel.test_memory_policy_that_is_none": BOTH_TOO_NEW,
    "test_linux.Kernel.test_mount_label": {"crun": NOT_CHECKED},
    "test_linux.Kernel.test_personality": {"runc": TOO_NEW},
    "test_linux.Kernel.test_personality_has_no_flags": BOTH_UNCHECKED,
    "test_linux.Kernel.test_personality_that_is_none": {"runc": TOO_NEW},
    "test_linux.Namespaces.test_a_joined_time": {
        "crun": "its process dies", "runc": TOO_NEW},
    "test_linux.Namespaces.test_a_joined_user": {
        "runc": "it wants mappings as well (before 1.2)"},
    "test_linux.Namespaces.test_a_new_time": {
        "crun": "its process dies", "runc": TOO_NEW},
    "test_linux.Namespaces.test_mappings_without_a_namespace": BOTH_UNCHECKED,
    "test_linux.Namespaces.test_relative_path": {"crun": NOT_CHECKED},
    "test_linux.Namespaces.test_time_offsets": {
        "crun": "its process dies", "runc": TOO_NEW},
    "test_linux.Namespaces.test_time_offsets_of_other_users": {
        "crun": "its process dies", "runc": TOO_NEW},
    "test_linux.Namespaces.test_time_offsets_without_a_namespace":
        BOTH_UNCHECKED,
    "test_linux.Namespaces.test_twice": {"crun": NOT_CHECKED},
    "test_linux.Namespaces.test_uts": {"runc": "no domain name: " + TOO_NEW},
    "test_linux.NetDevices.test_a_name_that_is_taken": BOTH_TOO_NEW,
    "test_linux.NetDevices.test_a_template": BOTH_TOO_NEW,
    "test_linux.NetDevices.test_it_is_moved": BOTH_TOO_NEW,
    "test_linux.NetDevices.test_it_is_not_moved_back": BOTH_TOO_NEW,
    "test_linux.NetDevices.test_it_is_renamed": BOTH_TOO_NEW,
    "test_linux.NetDevices.test_it_is_the_hosts_again": BOTH_TOO_NEW,
    "test_linux.NetDevices.test_one_that_is_not_there": BOTH_TOO_NEW,
    "test_linux.NetDevices.test_without_a_namespace": BOTH_TOO_NEW,
    "test_linux.Paths.test_relative": BOTH_UNCHECKED,
    "test_linux.RootPropagation.test_shared": {
        "runc": "the parent of the root is made private, and the root with it"},
    "test_linux.RootPropagation.test_slave": {"crun": "it is private"},
    "test_linux.RootPropagation.test_slave_of_another_mount": {
        "crun": "it is private", "runc": "it is private"},
    "test_linux.RootPropagation.test_unbindable": {
        "runc": "it cannot bind its own root any more"},
    "test_linux.RootPropagation.test_value_that_is_none": {
        "crun": NOT_CHECKED},
    "test_mounts.IdMap.test_idmap": {
        "crun": "what is below is lost", "runc": TOO_NEW},
    "test_mounts.IdMap.test_ridmap": {
        "crun": "what is below is lost", "runc": TOO_NEW},
    "test_mounts.IdMap.test_with_one_of_the_two": {"runc": TOO_NEW},
    "test_mounts.IdMap.test_without_anything": {
        "crun": "it knows no ridmap", "runc": TOO_NEW},
    "test_mounts.IdMap.test_without_mappings": {"runc": TOO_NEW},
    "test_mounts.Options.test_access_times": {
        "crun": "nostrictatime does nothing"},
    "test_mounts.Options.test_defaults": {"runc": NO_OPTION},
    "test_mounts.Options.test_flags_taken_back": {
        "crun": "suid, dev, exec take nothing back"},
    "test_mounts.Options.test_nosymfollow": {"crun": NO_OPTION},
    "test_mounts.Options.test_of_the_superblock": {
        "crun": "async takes nothing back"},
    "test_mounts.Options.test_that_show_nowhere": {"crun": NO_OPTION},
    "test_mounts.Propagation.test_each": {
        "crun": "what is shared is made private at the end"},
    "test_mounts.Propagation.test_recursive": {
        "crun": "what is shared is made private at the end"},
    "test_mounts.Recursive.test_rnosymfollow": {"crun": NO_OPTION},
    "test_mounts.Recursive.test_that_clear": {
        "crun": "rrelatime sets nosymfollow and clears nothing"},
    "test_mounts.Recursive.test_that_set": {
        "crun": "the kernel refuses what it asks for rnoatime"},
    "test_process.Attributes.test_affinity": BOTH_TOO_NEW,
    "test_process.Attributes.test_io_priority": BOTH_TOO_NEW,
    "test_process.Attributes.test_io_priority_that_is_none": BOTH_TOO_NEW,
    "test_process.Attributes.test_scheduler": BOTH_TOO_NEW,
    "test_process.Attributes.test_scheduler_in_real_time": BOTH_TOO_NEW,
    "test_process.Attributes.test_scheduler_that_is_none": BOTH_TOO_NEW,
    "test_process.Capabilities.test_what_cannot_be_granted": {
        "crun": "the kernel's refusal is passed on",
        "runc": "the kernel's refusal is passed on"},
    "test_process.Capabilities.test_what_is_no_capability": {
        "crun": "there is no warning"},
    "test_process.Limits.test_twice": BOTH_UNCHECKED,
    "test_process.Program.test_cwd_that_is_not_absolute": {
        "crun": NOT_CHECKED},
    "test_process.Program.test_no_arguments": {
        "crun": "it finds out when it is to start"},
    "test_process.Program.test_without_a_process": {
        "crun": "an internal error", "runc": "it wants a process to create"},
    "test_process.User.test_missing": BOTH_UNCHECKED,
    "test_process.Terminal.test_half_a_size": BOTH_UNCHECKED,
    "test_root.Root.test_path_that_is_a_link": {
        "runc": "it wants the path resolved"},
    "test_seccomp.Actions.test_errno_where_there_is_none": {
        "runc": NOT_CHECKED},
    "test_seccomp.Actions.test_flags": {"runc": TOO_NEW},
    "test_seccomp.Actions.test_no_names": BOTH_UNCHECKED,
    "test_seccomp.Actions.test_words_that_are_none": {"crun": NOT_CHECKED},
    "test_seccomp.Notify.test_metadata_without_a_path": BOTH_UNCHECKED,
    "test_seccomp.Notify.test_no_path": {"crun": NOT_CHECKED},
    "test_seccomp.Notify.test_of_all_calls": {
        "crun": "the connection is open until the execve about which the "
                "agent is asked",
        "runc": "NOTIFY may not be the default"},
    "test_seccomp.Notify.test_not_needed": {
        "crun": "it connects all the same"},
}

# Who leaves cgroups behind when create fails: one test says so, in the others
# they are removed in silence.
LEAVES = {"crun"}


def reason(test, runtime, v2):
    row = KNOWN.get(test, {})
    return row.get(runtime) or row.get(runtime + ("-v2" if v2 else "-v1"))


def is_version(runtime, said):
    return VERSIONS.get(runtime, "?") in said
