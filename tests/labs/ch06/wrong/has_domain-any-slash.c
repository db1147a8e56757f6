/* lab has_domain: caught by host localhost: every slash has a registry before
 * it */
	return slash != NULL;
