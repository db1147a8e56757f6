/* setting.c - see setting.h. */
#include "setting.h"

#include <string.h>

#include "cgroup_limit.h"
#include "cgroup_stat.h"
#include "tour.h"
#include "words.h"

uint64_t
setting_show(const struct cgroup *cg, const char *option)
{
	for (size_t i = 0; i < cgroup_setting_count; i++) {
		const struct cgroup_setting *setting = &cgroup_settings[i];
		if (!setting->option || strcmp(setting->option, option) != 0)
			continue;
		const struct cgroup_dir *dir =
			cgroup_dir_with(cg, setting->controller);
		const char *file = dir && dir->in.version == 1 ? setting->v1 :
								 setting->v2;
		uint64_t bytes = CGROUP_NONE;
		if (!dir || !file ||
		    cgroup_read_number(dir->fd, file, NULL, &bytes) < 0)
			break;
		tour_show(file, "%s", words_mib(bytes).text);
		return bytes;
	}
	return CGROUP_NONE;
}

void
setting_show_refusal(void)
{
	/* What was tried on one line, the reason on the next. */
	char *reason = strrchr(failure.text, ':');
	int length = reason ? reason - failure.text : 0;
	tour_say("%.*s:", length, failure.text);
	tour_say("%s", failure.text + length + 2);
}
