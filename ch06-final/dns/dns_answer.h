/*
 * dns_answer.h - what is known here is answered, the rest is for others.
 */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include "dns_message.h"
#include "dns_names.h"

/*
 * Answer a query of the container `asker` into `room` of `size` bytes.  The
 * answer's length; 0: to be forwarded, and the asker may have that done.
 *
 * A name of ours that has no record of the type asked for has an answer, an
 * empty one ("no data"): "no such name" for its AAAA would have resolvers
 * believe that there is no A either.
 */
size_t dns_answer(struct dns_names *names, const char *asker,
		  const struct dns_query *query, uint8_t *room, size_t size);

/* One without records: DNS_SERVER_FAILURE and its like. */
size_t dns_answer_code(const struct dns_query *query, enum dns_rcode rcode,
		       uint8_t *room, size_t size);
/* No records, and that there are some (TC): for what came from elsewhere and
 * is too long. */
size_t dns_answer_cut(const struct dns_query *query, uint8_t *room,
		      size_t size);

#endif
