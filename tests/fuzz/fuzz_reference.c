/* fuzz_reference.c - a name of an image that anybody may have typed. */
#include "fuzz.h"

#include "reference.h"

/* What was understood once is understood again, and means the same. */
static void
check_again(const struct reference *first)
{
	auto_reference struct reference second = { 0 };
	auto_free char *name = reference_name(first);
	hold(reference_parse(name, &second) == 0);
	auto_free char *again = reference_name(&second);
	hold(strcmp(name, again) == 0);
	hold(strcmp(first->repository, second.repository) == 0);
	auto_free char *full = reference_full(name);
	auto_free char *registry = NULL, *path = NULL;
	reference_split(first->repository, &registry, &path);
	hold(*registry && *path && full);
}

int
fuzz(const uint8_t *data, size_t size)
{
	auto_free char *string = fuzz_text(data, size);
	auto_reference struct reference reference = { 0 };
	failure = (struct failure){ 0 };
	if (reference_parse(string, &reference) < 0) {
		hold(failure.text[0]);
		return 0;
	}
	hold(reference.tag || reference.digest);
	hold(!reference.digest || reference_is_digest(reference.digest));
	/* It becomes a part of addresses and of paths. */
	hold(!strpbrk(reference.repository, " %?#\\\n\r"));
	hold(!strstr(reference.repository, "..") &&
	     reference.repository[0] != '/');
	check_again(&reference);
	return 0;
}
