/* lab make_readonly: caught by all nothing-else: the mount that
 * it is on becomes read-only */
	auto_close int target = safepath_open(root, path, O_PATH);
	if (target < 0)
		return failure.code == ENOENT ? 0 : -1;
	return mountfd_restrict(root, MS_RDONLY | MS_REC);
