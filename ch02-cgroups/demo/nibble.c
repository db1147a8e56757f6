/* nibble.c - see nibble.h. */
#include "nibble.h"

#include <sys/mman.h>
#include <unistd.h>

#include "sync.h"
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
