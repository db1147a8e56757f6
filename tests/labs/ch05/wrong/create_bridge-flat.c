/* lab netlink_create_bridge: caught by kind mac twice: the kind is not
 * within IFLA_LINKINFO */
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = begin_link(
		buffer, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name);
	if (mac)
		mnl_attr_put(message, IFLA_ADDRESS, 6, mac);
	mnl_attr_put_str(message, IFLA_INFO_KIND, "bridge");
	if (traced(netlink_request(nl, message, NULL, NULL),
		   "RTM_NEWLINK bridge", name) == 0)
		return 0;
