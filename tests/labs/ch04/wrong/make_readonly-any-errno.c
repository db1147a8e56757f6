/* lab make_readonly: caught by missing: whatever cannot be opened
 * is not there */
	auto_close int target = safepath_open(root, path, O_PATH);
	if (target < 0)
		return 0;
	auto_close int mount =
		mountfd_bind(target, target, MS_REC | MS_RDONLY);
	if (mount < 0)
		return -1;
	return settle(root, path, mount, 0);
