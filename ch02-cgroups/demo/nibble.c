/* nibble.c - see nibble.h. */
#include "nibble.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync.h"
#include "tour.h"
#include "words.h"

int
nibble(int sock, uint64_t amount)
{
	volatile char *memory = mmap(NULL, amount, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	/* A huge page would be 2 MiB at once. */
	madvise((void *)memory, amount, MADV_NOHUGEPAGE);
	long page = sysconf(_SC_PAGESIZE);
	for (uint64_t i = 0; i < amount; i += page) {
		memory[i] = 1;
		if ((i + page) % MIB == 0 &&
		    (sync_send(sock, SYNC_READY) < 0 ||
		     sync_expect(sock, SYNC_GO, "the demo") < 0))
			return 1;
	}
	return 0;
}

uint64_t
nibble_more(struct load *nibbler, uint64_t amount)
{
	uint64_t eaten = 0;
	while (eaten < amount && load_go(nibbler) == 0 &&
	       sync_expect(nibbler->sock, SYNC_READY, "the eater") == 0)
		eaten += MIB;
	return eaten;
}

int
nibble_end(struct load *nibbler, const char *what, int *status)
{
	load_go(nibbler); /* a dead one does not hear it */
	if (load_wait(nibbler, status) < 0)
		return -1;
	tour_show(what, "%s", words_status(*status).text);
	return 0;
}

bool
nibble_was_killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

int
nibble_all(const struct cgroup *cg, uint64_t amount, struct cgroup_usage *most,
	   int *status)
{
	struct load nibbler;
	struct cgroup_usage now;
	if (load_start(&nibbler, cg, nibble, amount) < 0 ||
	    cgroup_read_usage(cg, most) < 0)
		return -1;
	for (uint64_t eaten = 0;
	     eaten < amount && nibble_more(&nibbler, MIB) == MIB;
	     eaten += MIB) {
		if (cgroup_read_usage(cg, &now) < 0)
			return -1;
		if (now.memory + now.memory_swap >
		    most->memory + most->memory_swap)
			*most = now;
	}
	tour_show("the most memory and swap", "%s, %s",
		  words_mib(most->memory).text,
		  words_mib(most->memory_swap).text);
	if (nibble_end(&nibbler, "the eater ended", status) < 0 ||
	    cgroup_read_usage(cg, &now) < 0)
		return -1;
	tour_show("OOM kills", "%s", words_number(now.oom_kills).text);
	most->oom_kills = now.oom_kills;
	return 0;
}
