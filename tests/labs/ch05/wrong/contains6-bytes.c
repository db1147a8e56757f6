/* lab ipam_contains6: caught by bits: the bits after the last whole byte are
 * not looked at */
	return memcmp(subnet->network, address, subnet->prefix / 8) == 0;
