/* lab put_peer: caught by name: a namespace is always named, though it be -1 */
	struct nlattr *data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
	struct nlattr *peer = mnl_attr_nest_start(message, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(message, IFLA_IFNAME, veth->peer_name);
	if (veth->peer_mac)
		mnl_attr_put(message, IFLA_ADDRESS, 6, veth->peer_mac);
	mnl_attr_put_u32(message, IFLA_NET_NS_FD, veth->peer_netns);
	mnl_attr_nest_end(message, peer);
	mnl_attr_nest_end(message, data);
