/* terminal.c - child.  See terminal.h. */
#include "terminal.h"

#include <sys/ioctl.h>

#include "console.h"

int
terminal_open(const struct oci_process *process, bool is_first)
{
	auto_close int master = console_use_terminal(is_first);
	if (master < 0)
		return -1;
	const struct oci_console_size *size = process->console_size;
	if (size) {
		struct winsize window = {
			.ws_row = size->height,
			.ws_col = size->width,
		};
		if (ioctl(master, TIOCSWINSZ, &window) < 0)
			return fail("set the size of the terminal");
	}
	return take_fd(&master);
}
