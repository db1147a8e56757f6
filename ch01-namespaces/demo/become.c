/* become.c - see become.h. */
#include "become.h"

#include <errno.h>

#include "ns.h"
#include "tour.h"

int
become_refused(void)
{
	switch (failure.code) {
	case EPERM:
	case EACCES:
	case ENOSPC:
	case EUSERS:
	case EINVAL:
	case ENOSYS:
		return tour_skip("needs what this machine refuses: %s",
				 failure.text);
	}
	return -1;
}

int
become_root_or_skip(void)
{
	return ns_become_root() < 0 ? become_refused() : 0;
}
