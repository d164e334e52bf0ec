/* SPDX-License-Identifier: BSD-2-Clause */
/* Apart, since the header of terminals has macros of names that others use. */
#include "vmm/view/terminal.h"

#include <curses.h>
#include <term.h>
#include <unistd.h>

bool terminal_moves(void)
{
	const char *move;
	int error;

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO) ||
	    setupterm(NULL, STDOUT_FILENO, &error) != OK)
		return false;
	move = tigetstr("cup");
	return move && move != (char *)-1;
}
