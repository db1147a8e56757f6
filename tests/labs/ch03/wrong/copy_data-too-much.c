/* lab copy_data: caught by wanted: a piece of data is copied to its end */
	if (ioctl(to, FICLONE, from) == 0)
		return ftruncate(to, size) < 0 ? -errno : 0;
	if (ftruncate(to, size) < 0)
		return -errno;
	int result = 0;
	for (off_t data = 0, hole; data < size && result == 0; data = hole) {
		data = lseek(from, data, SEEK_DATA);
		if (data < 0 && errno == ENXIO) /* a hole up to the end */
			break;
		if (data < 0) /* it cannot tell: all of it is data */
			return copy_range(from, to, 0, size);
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0)
			hole = size;
		result = copy_range(from, to, data, hole);
	}
	return result;
