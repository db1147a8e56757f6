/* aufs_options.c - see aufs_options.h. */
#include "aufs_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool
option_next(char **list, struct option_word *word)
{
	do {
		word->name = strsep(list, ",");
	} while (word->name && *word->name == '\0');
	if (!word->name)
		return false;
	size_t length = strcspn(word->name, "=:");
	word->value = NULL;
	if (word->name[length]) {
		word->name[length] = '\0';
		word->value = word->name + length + 1;
	}
	return true;
}

/* ---- words that set something ------------------------------------------ */

enum what { UDBA, CREATE, SHWH, NO_SHWH, PLINK, NO_PLINK, DIROPQ, THREADS,
	    NO_PASSTHROUGH, NO_SPLICE, NO_READDIRPLUS, NO_NEAR, COPY_ON_OPEN,
	    NOTHING };

static const struct {
	const char *name, *value; /* NULL: whatever it is */
	enum what what;
	int number;
} words[] = {
	{ "udba", "reval", UDBA, AUFS_UDBA_REVAL },
	{ "udba", "none", UDBA, AUFS_UDBA_NONE },
	{ "create", "tdp", CREATE, AUFS_CREATE_TDP },
	{ "create", "top-down-parent", CREATE, AUFS_CREATE_TDP },
	{ "create", "rr", CREATE, AUFS_CREATE_RR },
	{ "create", "round-robin", CREATE, AUFS_CREATE_RR },
	{ "cpup", "tdp", NOTHING, 0 },
	{ "shwh", NULL, SHWH, 0 },
	{ "noshwh", NULL, NO_SHWH, 0 },
	{ "plink", NULL, PLINK, 0 },
	{ "noplink", NULL, NO_PLINK, 0 },
	{ "diropq", "w", DIROPQ, false },
	{ "diropq", "whiteouted", DIROPQ, false },
	{ "diropq", "a", DIROPQ, true },
	{ "diropq", "always", DIROPQ, true },
	/* Of this one alone, to compare with and without. */
	{ "threads", NULL, THREADS, 0 },
	{ "nopassthrough", NULL, NO_PASSTHROUGH, 0 },
	{ "nosplice", NULL, NO_SPLICE, 0 },
	{ "noreaddirplus", NULL, NO_READDIRPLUS, 0 },
	{ "nonear", NULL, NO_NEAR, 0 },
	{ "coo_all", NULL, COPY_ON_OPEN, 0 },
	/* About the inside of the kernel's. */
	{ "xino", NULL, NOTHING, 0 },
	{ "noxino", NULL, NOTHING, 0 },
	{ "trunc_xino", NULL, NOTHING, 0 },
	{ "notrunc_xino", NULL, NOTHING, 0 },
	{ "trunc_xino_path", NULL, NOTHING, 0 },
	{ "trunc_xib", NULL, NOTHING, 0 },
	{ "notrunc_xib", NULL, NOTHING, 0 },
	{ "dirwh", NULL, NOTHING, 0 },
	{ "rdcache", NULL, NOTHING, 0 },
	{ "rdblk", NULL, NOTHING, 0 },
	{ "rdhash", NULL, NOTHING, 0 },
	{ "sum", NULL, NOTHING, 0 },
	{ "nosum", NULL, NOTHING, 0 },
	{ "wsum", NULL, NOTHING, 0 },
	{ "dirperm1", NULL, NOTHING, 0 },
	{ "nodirperm1", NULL, NOTHING, 0 },
	{ "dio", NULL, NOTHING, 0 },
	{ "nodio", NULL, NOTHING, 0 },
	{ "acl", NULL, NOTHING, 0 },
	{ "noacl", NULL, NOTHING, 0 },
	{ "warn_perm", NULL, NOTHING, 0 },
	{ "nowarn_perm", NULL, NOTHING, 0 },
	{ "verbose", NULL, NOTHING, 0 },
	{ "v", NULL, NOTHING, 0 },
	{ "noverbose", NULL, NOTHING, 0 },
	{ "quiet", NULL, NOTHING, 0 },
	{ "q", NULL, NOTHING, 0 },
	{ "si", NULL, NOTHING, 0 },
};

static int
set_threads(struct aufs *aufs, const char *value)
{
	uint64_t threads;
	if (parse_number(value ? value : "", 2, 16, &threads) < 0)
		return wrap("option threads (2 to 16)");
	aufs->fuse.threads = threads;
	return 0;
}

static int
apply(struct aufs *aufs, enum what what, int number, const char *value)
{
	switch (what) {
	case UDBA:
		aufs->udba = number;
		break;
	case CREATE:
		aufs->create = number;
		break;
	case SHWH:
	case NO_SHWH:
		aufs->show_whiteouts = what == SHWH;
		break;
	case PLINK:
	case NO_PLINK:
		aufs->no_plinks = what == NO_PLINK;
		break;
	case DIROPQ:
		aufs->always_opaque = number;
		break;
	case THREADS:
		return set_threads(aufs, value);
	case NO_PASSTHROUGH:
		aufs->fuse.no_passthrough = true;
		break;
	case NO_SPLICE:
		aufs->fuse.no_splice = true;
		break;
	case NO_READDIRPLUS:
		aufs->fuse.no_readdirplus = true;
		break;
	case NO_NEAR:
		aufs->fuse.near.is_off = true;
		break;
	case COPY_ON_OPEN:
		aufs->copy_on_open = true;
		break;
	case NOTHING:
		break;
	}
	return 0;
}

int
option_set(struct aufs *aufs, const struct option_word *word)
{
	bool is_known = false;
	for (size_t i = 0; i < countof(words); i++) {
		if (strcmp(words[i].name, word->name) != 0)
			continue;
		is_known = true;
		if (!words[i].value ||
		    (word->value && strcmp(words[i].value, word->value) == 0))
			return apply(aufs, words[i].what, words[i].number,
				     word->value);
	}
	errno = EINVAL;
	return is_known ? fail("option %s=%s: this aufs does not do that",
			       word->name, word->value ? word->value : "") :
			  fail("unknown option %s", word->name);
}

/* ---- paths ------------------------------------------------------------- */

/* Words whose value has a branch in it, and what stands before its path. */
static const struct {
	const char *name;
	bool is_list, has_index;
} branch_words[] = {
	{ "br", true, false },	   { "dirs", true, false },
	{ "add", false, true },	   { "ins", false, true },
	{ "append", false, false }, { "prepend", false, false },
	{ "del", false, false },   { "mod", false, false },
};

static char *
joined(char *list, char separator, const char *item)
{
	char *longer = list ? text("%s%c%s", list, separator, item) :
			      copy_text(item);
	free(list);
	return longer;
}

/* "DIR=ro" with the directory's full name; one that is not there stays. */
static char *
absolute_branch(const char *spec)
{
	struct branch *branch = branch_parse(spec, false);
	size_t length = strlen(branch->path);
	auto_free char *path = realpath(branch->path, NULL);
	char *whole = text("%s%s", path ? path : branch->path, spec + length);
	branch_free(branch);
	return whole;
}

static char *
absolute_list(const char *value)
{
	auto_free char *copy = copy_text(value);
	char *rest = copy, *list = NULL;
	for (char *spec; (spec = strsep(&rest, ":"));) {
		auto_free char *whole = absolute_branch(spec);
		list = joined(list, ':', whole);
	}
	return list;
}

static char *
absolute_value(const struct option_word *word, size_t i)
{
	if (branch_words[i].is_list)
		return absolute_list(word->value);
	if (!branch_words[i].has_index)
		return absolute_branch(word->value);
	size_t index = strcspn(word->value, ":");
	auto_free char *whole = absolute_branch(
		word->value + index + (word->value[index] == ':'));
	return text("%.*s:%s", (int)index, word->value, whole);
}

char *
options_make_absolute(const char *options)
{
	auto_free char *copy = copy_text(options);
	char *rest = copy, *list = copy_text("");
	struct option_word word;
	while (option_next(&rest, &word)) {
		auto_free char *value =
			word.value ? copy_text(word.value) : NULL;
		for (size_t i = 0; i < countof(branch_words); i++)
			if (value &&
			    strcmp(branch_words[i].name, word.name) == 0) {
				free_scoped(&value);
				value = absolute_value(&word, i);
			}
		auto_free char *item =
			text("%s%s%s", word.name, value ? "=" : "",
			     value ? value : "");
		list = joined(list, ',', item);
	}
	return list;
}
