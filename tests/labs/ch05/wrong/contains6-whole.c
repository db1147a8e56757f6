/* lab ipam_contains6: caught by whole-bytes bits: the whole address is
 * compared */
	return memcmp(subnet->network, address, subnet->prefix ? 16 : 0) == 0;
