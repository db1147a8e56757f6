/* lab make_readonly: caught by all: what is mounted below is not
 * taken along */
	auto_close int target = safepath_open(root, path, O_PATH);
	if (target < 0)
		return failure.code == ENOENT ? 0 : -1;
	auto_close int mount = mountfd_bind(target, target, MS_RDONLY);
	if (mount < 0)
		return -1;
	return settle(root, path, mount, 0);
