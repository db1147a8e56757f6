/* lab netlink_create_bridge: caught by kind mac: without a MAC it is given
 * one of zeros */
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = begin_link(
		buffer, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name);
	static const uint8_t zeros[6];
	mnl_attr_put(message, IFLA_ADDRESS, 6, mac ? mac : zeros);
	struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_str(message, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(message, info);
	if (traced(netlink_request(nl, message, NULL, NULL),
		   "RTM_NEWLINK bridge", name) == 0)
		return 0;
