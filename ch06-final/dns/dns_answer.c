/* dns_answer.c - the name server.  See dns_answer.h. */
#include "dns_answer.h"

size_t
dns_answer_code(const struct dns_query *query, enum dns_rcode rcode,
		uint8_t *room, size_t size)
{
	struct dns_reply reply;
	dns_reply_begin(&reply, query, room, size);
	return dns_reply_end(&reply, rcode);
}

size_t
dns_answer_cut(const struct dns_query *query, uint8_t *room, size_t size)
{
	struct dns_reply reply;
	dns_reply_begin(&reply, query, room, size);
	reply.is_cut = true;
	return dns_reply_end(&reply, DNS_OK);
}

static void
add_addresses(struct dns_reply *reply, const struct dns_host *const *hosts,
	      size_t count, uint16_t type)
{
	for (size_t i = 0; i < count; i++) {
		const struct dns_host *host = hosts[i];
		if ((type == DNS_A || type == DNS_ANY) && host->has_address)
			dns_reply_add(reply, DNS_A, host->address, 4);
		if ((type == DNS_AAAA || type == DNS_ANY) && host->has_address6)
			dns_reply_add(reply, DNS_AAAA, host->address6, 16);
	}
}

/* "web.red", the form that tells networks apart. */
static void
add_name(struct dns_reply *reply, const struct dns_host *host,
	 const struct dns_network *network)
{
	uint8_t name[DNS_NAME_SIZE];
	auto_free char *whole = text("%s.%s",
				     host->name_count ? host->names[0] :
							host->id,
				     network->name);
	int length = dns_write_name(whole, name);
	if (length > 0)
		dns_reply_add(reply, DNS_PTR, name, length);
}

size_t
dns_answer(struct dns_names *names, const char *asker,
	   const struct dns_query *query, uint8_t *room, size_t size)
{
	const struct dns_host *found[DNS_FOUND_MAX];
	const struct dns_network *network;
	struct dns_reply reply;
	dns_reply_begin(&reply, query, room, size);
	if (query->class == DNS_INTERNET) {
		size_t count = dns_names_find(names, asker, query->text,
					      found);
		add_addresses(&reply, found, count, query->type);
		if (count > 0)
			return dns_reply_end(&reply, DNS_OK);
		const struct dns_host *host = dns_names_reverse(
			names, asker, query->text, &network);
		if (host && (query->type == DNS_PTR || query->type == DNS_ANY))
			add_name(&reply, host, network);
		if (host)
			return dns_reply_end(&reply, DNS_OK);
	}
	if (!dns_names_may_leave(names, asker))
		return dns_reply_end(&reply, DNS_NO_NAME);
	return 0;
}
