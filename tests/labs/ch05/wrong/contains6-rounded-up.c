/* lab ipam_contains6: caught by bits: a byte that the prefix ends in has to
 * be the same as a whole */
	return memcmp(subnet->network, address, (subnet->prefix + 7) / 8) == 0;
