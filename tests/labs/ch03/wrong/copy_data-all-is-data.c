/* lab copy_data: caught by holes: holes are filled with zeros */
	if (ioctl(to, FICLONE, from) == 0)
		return ftruncate(to, size) < 0 ? -errno : 0;
	return copy_range(from, to, 0, size);
