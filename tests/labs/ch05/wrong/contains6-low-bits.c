/* lab ipam_contains6: caught by bits: of the last byte the lower bits are
 * compared */
	unsigned int bytes = subnet->prefix / 8, bits = subnet->prefix % 8;
	if (memcmp(subnet->network, address, bytes) != 0)
		return false;
	unsigned int mask = bits ? 0xff >> (8 - bits) : 0;
	return ((subnet->network[bytes] ^ address[bytes]) & mask) == 0;
